"""What a batch reads: its raw objects, each once, with what their metadata says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyiceberg.table import FileScanTask

from contracts.errors import PipelineError
from lake.backfills import Request
from lake.ledger import BatchRecord, BatchStatus
from lake.manifest import RawObjectEntry, Replacement
from lake.raw_lines import read_metadata
from lake.times import read_time


@dataclass(frozen=True)
class Batch:
    """A batch as it was started; `objects` are {"bucket", "key", "version", "size"}."""

    batch_id: str
    started_at: str
    attempt: int
    objects: list[dict]
    release: dict | None = None

    @property
    def batch_date(self) -> str:
        return self.started_at[:10]


def read_batch(event: dict) -> Batch:
    """The batch of {"batch_id", "started_at", "objects", "attempt"?, "release"?}; PipelineError without any object."""
    if not event["objects"]:
        raise PipelineError(
            f"batch {event['batch_id']}: no raw objects; expected at least one. Start it with the objects it reads."
        )
    return Batch(
        batch_id=event["batch_id"],
        started_at=read_time(event["started_at"]),
        attempt=event.get("attempt") or 1,
        objects=latest_by_key(event["objects"]),
        release=event.get("release"),
    )


def latest_by_key(objects: Iterable[dict]) -> list[dict]:
    """Each object once, in the order of keys: S3 announces an object at least once."""
    by_key = {(entry["bucket"], entry["key"]): entry for entry in objects}
    return [by_key[place] for place in sorted(by_key)]


def claim(batch: Batch, recorded_at: str) -> BatchRecord:
    """The record that holds the batch's objects before anything about them is known."""
    return BatchRecord(
        batch_id=batch.batch_id,
        batch_date=batch.batch_date,
        status=str(BatchStatus.RUNNING),
        started_at=batch.started_at,
        recorded_at=recorded_at,
        attempt=batch.attempt,
        raw_objects=[{"key": entry["key"], "version": entry.get("version")} for entry in batch.objects],
        raw_lines=0,
        release=batch.release,
    )


def replacement(request: Request, tasks: list[FileScanTask]) -> Replacement:
    """What a backfill replaces, given the stored files of its partitions."""
    with_deletes = [task.file.file_path for task in tasks if task.delete_files]
    if with_deletes:
        raise PipelineError(
            f"backfill {request.backfill_id}: {len(with_deletes)} stored files have row-level deletes beside them, the "
            f"first {with_deletes[0]}; expected none, or deleted rows would come back. Let Glue's optimizer compact "
            "the partitions, then start the backfill again."
        )
    scope = request.scope
    return Replacement(
        from_date=scope.from_date,
        to_date=scope.to_date,
        event_types=scope.event_types,
        allow_rejects=request.allow_rejects,
        batch_ids=[*request.batch_ids, request.backfill_id],
        rows=sum(task.file.record_count for task in tasks),
    )


def as_entry(bucket: str, key: str, head: dict) -> RawObjectEntry:
    """The object as S3's HEAD describes it; PipelineError where ingestion did not write it."""
    if "summary" not in head["Metadata"]:
        raise PipelineError(
            f"s3://{bucket}/{key} has no metadata `summary`; expected what ingestion writes with every raw object. "
            "Move the object out of the raw zone and send its events through the stream."
        )
    summary = read_metadata(head["Metadata"])
    return RawObjectEntry(
        bucket=bucket,
        key=key,
        version=head.get("VersionId"),
        size=head["ContentLength"],
        lines=summary["lines"],
        types=summary.get("types"),
    )
