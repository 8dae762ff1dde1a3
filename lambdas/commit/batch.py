"""A batch on its way into the table, and what became of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field

from lake.catalog import BATCH_ID, COUNTS
from lake.ledger import BatchRecord, from_document
from lake.manifest import Manifest, time_spans


@dataclass(frozen=True)
class DataFile:
    """A Parquet file below the table's location; all its rows have one type and one date."""

    uri: str
    event_type: str
    event_date: str
    rows: int


@dataclass(frozen=True)
class Batch:
    """Files that are written and not yet visible; `planned_on` is the snapshot they were deduplicated against.

    `redelivered` and `repeated` are the rows that the commit has taken out of them so far.
    """

    batch_id: str
    planned_on: int | None
    spans: dict[str, tuple[str, str]]
    files: list[DataFile]
    redelivered: int = 0
    repeated: int = 0


@dataclass(frozen=True)
class CommittedBatch:
    """What the table holds of the batch; no snapshot where nothing was left to make visible."""

    batch_id: str
    snapshot_id: str | None
    rows: int
    rows_by_type: dict[str, int] = field(default_factory=dict)
    redelivered: int = 0
    repeated: int = 0
    files: list[str] = field(default_factory=list)

    def as_document(self) -> dict:
        return asdict(self)

    def summary(self) -> dict:
        """The outcome without its files, whose number no state of the state machine should have to bear."""
        return {name: value for name, value in self.as_document().items() if name != "files"}


def read_batch(manifest: Manifest, enrichment: dict) -> Batch:
    """The batch from the documents of the steps before."""
    files = [from_document(DataFile, file) for file in enrichment["files"] if file["rows"]]
    planned_on = None if manifest.snapshot_id is None else int(manifest.snapshot_id)
    told = time_spans(manifest.raw_objects) or {}
    spans = {event_type: told.get(event_type, days) for event_type, days in _days(files).items()}
    return Batch(manifest.batch_id, planned_on, spans, files)


def _days(files: list[DataFile]) -> dict[str, tuple[str, str]]:
    """Time spans of the files' types from their dates, for where the raw objects do not tell them."""
    dates: dict[str, list[str]] = {}
    for file in files:
        dates.setdefault(file.event_type, []).append(file.event_date)
    return {t: (f"{min(d)}T00:00:00.000000Z", f"{max(d)}T23:59:59.999999Z") for t, d in dates.items()}


def counted(batch: Batch) -> CommittedBatch:
    """The outcome of a batch as it is; the snapshot is not yet known."""
    by_type: Counter[str] = Counter()
    for file in batch.files:
        by_type[file.event_type] += file.rows
    return CommittedBatch(
        batch_id=batch.batch_id,
        snapshot_id=None,
        rows=by_type.total(),
        rows_by_type=dict(sorted(by_type.items())),
        redelivered=batch.redelivered,
        repeated=batch.repeated,
        files=[file.uri for file in batch.files],
    )


def snapshot_properties(outcome: CommittedBatch, named: str = BATCH_ID) -> dict[str, str]:
    """What the snapshot says of the batch: enough to tell the outcome again."""
    counts = {name: getattr(outcome, name) for name in ("rows", "rows_by_type", "redelivered", "repeated")}
    return {named: outcome.batch_id, COUNTS: json.dumps(counts, sort_keys=True)}


def told_by_snapshot(batch_id: str, snapshot_id: int, properties: dict[str, str], files: list[str]) -> CommittedBatch:
    """The outcome as the batch's snapshot tells it."""
    return CommittedBatch(batch_id, str(snapshot_id), **json.loads(properties[COUNTS]), files=files)


def told_by_ledger(record: BatchRecord) -> CommittedBatch:
    """The outcome as the ledger tells it, after the snapshot has expired; files may have been rewritten since."""
    return CommittedBatch(
        record.batch_id,
        record.snapshot_id,
        record.rows,
        record.rows_by_type,
        record.redelivered,
        record.repeated,
    )
