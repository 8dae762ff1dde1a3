"""Lines of a sample as the data of one event type: bare objects, or CloudEvents of that type."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from contracts.errors import ContractError

BYTE_ORDER_MARK = "\ufeff"


@dataclass
class Sample:
    """`data` of the lines by line number; lines of other types are passed over and counted."""

    data: list[tuple[int, dict]] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    other_types: int = 0


def read_sample(lines: Iterable[bytes], name: str, event_type: str) -> Sample:
    """The sample; ContractError names the line that is no JSON object, or says that there is none."""
    sample = Sample()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            _take(sample, _object(line, f"{name} line {number}"), number, event_type, f"{name} line {number}")
    if not sample.data:
        others = f" ({sample.other_types} are CloudEvents of other types)" if sample.other_types else ""
        raise ContractError(
            f"{name}: no line is data of {event_type}{others}; expected one JSON object a line. Name another file."
        )
    return sample


def _object(line: bytes, origin: str) -> dict:
    try:
        text = line.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
        found = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
        # Half of a surrogate pair is JSON, but no text that a column could hold.
        json.dumps(found, ensure_ascii=False, default=str).encode("utf-8")
    except ValueError as error:
        raise ContractError(
            f"{origin} is no JSON in UTF-8 ({error}); expected one JSON object a line. Mend the line or leave it out."
        ) from None
    if not isinstance(found, dict):
        raise ContractError(
            f"{origin} is a JSON {type(found).__name__}; expected one JSON object. Mend the line or leave it out."
        )
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _take(sample: Sample, found: dict, number: int, event_type: str, origin: str) -> None:
    if "specversion" not in found:
        sample.data.append((number, found))
        return
    if found.get("type") != event_type:
        sample.other_types += 1
        return
    if not isinstance(found.get("data"), dict):
        raise ContractError(
            f"{origin} is a CloudEvent whose data is no JSON object; expected one. Mend the line or leave it out."
        )
    sample.data.append((number, found["data"]))
    if isinstance(found.get("time"), str):
        sample.times.append(found["time"])
