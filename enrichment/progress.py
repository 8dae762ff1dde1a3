"""How far the enrichment of a batch has come: staged files, a checkpoint per finished one, the document at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from contracts.errors import PipelineError
from enrichment.enrich import total
from enrichment.sources import Plan
from lake import documents, layout
from lake.ledger import from_document

READERS = 16
FILE = ("uri", "event_type", "event_date", "rows")


@dataclass(frozen=True)
class StagedFile:
    """A file that the transform left; all its rows have one type and one date. Files are numbered by their keys."""

    number: int
    key: str
    event_type: str
    event_date: str


@dataclass(frozen=True)
class Staged:
    """What the transform left; `made` tells one run of it from another."""

    files: list[StagedFile]
    made: str


@dataclass(frozen=True)
class Checkpoint:
    """A data file that is written; misses are by enrichment and reason."""

    number: int
    uri: str
    event_type: str
    event_date: str
    rows: int
    misses: dict[str, dict[str, int]]


def read_staged(s3, bucket: str, batch_id: str) -> Staged:
    """The files of the batch's transform; PipelineError where it has not run."""
    key = layout.batch_document_key(batch_id, "transform")
    transform = documents.read_json_if_there(s3, bucket, key)
    if transform is None:
        raise PipelineError(
            f"s3://{bucket}/{key} is not there; expected the document of the batch's transform. "
            "Run the transform first."
        )
    made = s3.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
    files = sorted(transform["staged_files"], key=lambda file: file["key"])
    return Staged([from_document(StagedFile, {**file, "number": n}) for n, file in enumerate(files)], made)


def of_share(files: list[StagedFile], share: int, shares: int) -> list[StagedFile]:
    """The files of one of several tasks, 0 to shares - 1: neighbours, alike in size, go to different ones."""
    return [file for file in files if file.number % shares == share]


def read_checkpoints(s3, bucket: str, batch_id: str, staged: Staged) -> dict[int, Checkpoint]:
    """The finished files by number. Those of another run of the transform do not count."""
    prefix = layout.enriched_prefix(batch_id, staged.made)
    keys = [found["Key"] for found in documents.keys_below(s3, bucket, prefix)]
    with ThreadPoolExecutor(READERS) as pool:
        read = list(pool.map(lambda key: documents.read_json(s3, bucket, key), keys))
    return {document["number"]: from_document(Checkpoint, document) for document in read}


def write_checkpoint(s3, bucket: str, batch_id: str, staged: Staged, finished: Checkpoint) -> None:
    """Say that a data file is whole; from now on nobody writes it again."""
    key = f"{layout.enriched_prefix(batch_id, staged.made)}{finished.number:05d}.json"
    documents.write_json(s3, bucket, key, asdict(finished))


def document_of(batch_id: str, done: Mapping[int, Checkpoint], plan: Plan | None) -> dict:
    """The document `enrichment` of a batch whose files are all finished."""
    finished = [done[number] for number in sorted(done)]
    misses = total([{name: Counter(found) for name, found in one.misses.items()} for one in finished])
    return {
        "batch_id": batch_id,
        "files": [{name: getattr(one, name) for name in FILE} for one in finished],
        "rows": sum(one.rows for one in finished),
        "misses": {name: found for name, found in misses.items() if found},
        "sources": plan.as_document() if plan else {},
        "used": plan.used() if plan else {},
    }
