"""`etl contracts new`: a first contract from sample lines, which accepts every one of them."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

from contracts.contract import Contract, read_contract
from contracts.errors import ContractError, PipelineError
from contracts.examples import check_example
from contracts.inference import Inference, infer_contract
from contracts.samples import Sample, read_sample
from contracts.validator import DataValidator

GZIP_MAGIC = b"\x1f\x8b"


def new_contract(root: Path, event_type: str, sample_file: str, with_enums: bool) -> tuple[Path, Sample, list[str]]:
    """Write contracts/<event type>.json; the file, the sample and what was guessed. Never overwrites one."""
    path = root / "contracts" / f"{event_type}.json"
    if path.exists():
        raise PipelineError(
            f"{path.relative_to(root)} exists; expected an event type without a contract. Change the file by hand, "
            "or name another type."
        )
    sample = read_sample(_content(sample_file).splitlines(), Path(sample_file).name, event_type)
    inference = Inference(with_enums)
    text = json.dumps(infer_contract(event_type, sample, inference), ensure_ascii=False, indent=2) + "\n"
    contract = read_contract(path.name, text)
    check_example(contract)
    _require_every_line(contract, sample)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path, sample, inference.guesses


def _content(sample_file: str) -> bytes:
    if sample_file == "-":
        content = sys.stdin.buffer.read()
    elif Path(sample_file).is_file():
        content = Path(sample_file).read_bytes()
    else:
        raise PipelineError(
            f"there is no file {sample_file}; expected NDJSON, plain or gzip, or - for stdin. Name one."
        )
    return gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content


def _require_every_line(contract: Contract, sample: Sample) -> None:
    validator = DataValidator(contract.document)
    for line, data in sample.data:
        if violation := validator.violation(json.loads(json.dumps(data, default=float))):
            raise ContractError(
                f"line {line}: {violation.path} is {violation.found}; expected a value that a contract of this sample "
                f"accepts: {violation.expected}. Leave the line out, and add what it needs by hand."
            )
