"""Lambda of the state machine: fixes what a batch reads and which stored files may hold the same events."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from contracts.errors import PipelineError
from lake import documents, layout
from lake.backfills import Request, running_backfill
from lake.batch_outcome import running_record
from lake.catalog import open_table, plan_files, stored_files
from lake.ledger import VISIBLE
from lake.manifest import Manifest, RawObjectEntry, time_spans
from lake.positions import utc_text
from lake.quarantine import Release, released
from lake.settings import required
from lambdas.manifest.plan import Batch, as_entry, claim, read_batch, replacement

HEADS_AT_ONCE = 16
logger = Logger()


@dataclass(frozen=True)
class Settings:
    """Buckets of documents and ledger, and the table that batches are committed to."""

    staging_bucket: str
    processed_bucket: str
    database: str
    table: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        names = ("STAGING_BUCKET", "PROCESSED_BUCKET", "DATABASE", "TABLE")
        return cls(*(required(environment, name) for name in names))


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def s3():
    return boto3.client("s3")


def handler(event: dict, context: object) -> dict:
    """Write manifest and ledger record of a batch, or of a backfill."""
    return write_backfill(event) if "backfill" in event else write_batch(event)


def write_batch(event: dict) -> dict:
    """A batch whose rows are visible keeps what it has."""
    batch, processed = read_batch(event), settings().processed_bucket
    record = documents.read_batch_record(s3(), processed, batch.batch_id, [batch.batch_date])
    if record is None or record.status not in VISIBLE:
        documents.write_batch_record(s3(), processed, claim(batch, now()))
        if batch.release:
            hand_over(Release(**batch.release), batch.batch_id)
        record = running_record(write_manifest(batch), now())
        documents.write_batch_record(s3(), processed, record)
    logger.info("manifest written", batch_id=batch.batch_id, raw_lines=record.raw_lines)
    return answer(batch.batch_id, len(record.raw_objects), record.raw_lines)


def hand_over(release: Release, batch_id: str) -> None:
    """From now on the raw objects are this batch's; done after its claim, so that one of the two always holds them."""
    processed = settings().processed_bucket
    kept_back = documents.read_batch_record(s3(), processed, release.batch_id, [release.batch_date])
    if kept_back is None:
        raise PipelineError(
            f"batch {batch_id} releases batch {release.batch_id}, which the ledger does not know on "
            f"{release.batch_date}; expected its record. Start releases by `etl quarantine release`."
        )
    documents.write_batch_record(s3(), processed, released(kept_back, release, batch_id))
    logger.info("batch released", batch_id=release.batch_id, released_as=batch_id)


def write_backfill(event: dict) -> dict:
    """Plan a backfill by the request that was left for it."""
    key = layout.batch_document_key(event["backfill"], "backfill")
    request = Request.from_document(documents.read_json(s3(), settings().staging_bucket, key))
    batch = read_batch(event | {"objects": request.objects})
    manifest = write_manifest(batch, request)
    documents.write_backfill_record(s3(), settings().processed_bucket, running_backfill(manifest, now()))
    logger.info("backfill planned", batch_id=batch.batch_id, raw_lines=manifest.raw_lines, rows=manifest.replaces.rows)
    return answer(batch.batch_id, len(manifest.raw_objects), manifest.raw_lines)


def write_manifest(batch: Batch, request: Request | None = None) -> Manifest:
    """Plan the batch on the table as it is now."""
    entries = read_entries(batch)
    table = open_table(settings().database, settings().table)
    snapshot, spans = table.current_snapshot(), time_spans(entries)
    tasks = plan_files(table, request.scope.spans) if request else []
    # Where a backfill cannot tell its times, the partitions themselves have to do.
    stored = [] if request and spans is None else stored_files(table, spans)
    manifest = Manifest(
        batch_id=batch.batch_id,
        batch_date=batch.batch_date,
        started_at=batch.started_at,
        attempt=batch.attempt,
        raw_objects=entries,
        stored_files=sorted({*stored, *(task.file.file_path for task in tasks)}),
        snapshot_id=str(snapshot.snapshot_id) if snapshot else None,
        replaces=replacement(request, tasks) if request else None,
        release=batch.release,
    )
    key = layout.batch_document_key(batch.batch_id, "manifest")
    documents.write_json(s3(), settings().staging_bucket, key, manifest.as_document())
    return manifest


def read_entries(batch: Batch) -> list[RawObjectEntry]:
    """What S3 says of each object now."""
    client = s3()
    with ThreadPoolExecutor(HEADS_AT_ONCE) as pool:
        return list(pool.map(lambda entry: read_entry(client, entry["bucket"], entry["key"]), batch.objects))


def read_entry(s3, bucket: str, key: str) -> RawObjectEntry:
    try:
        return as_entry(bucket, key, s3.head_object(Bucket=bucket, Key=key))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
        raise PipelineError(
            f"s3://{bucket}/{key} is not there; expected a raw object that was announced. "
            "Reconciliation starts the batch again without it; restore an older version if it was deleted by mistake."
        ) from error


def answer(batch_id: str, raw_objects: int, raw_lines: int) -> dict:
    """What the state machine passes on."""
    uri = f"s3://{settings().staging_bucket}/{layout.batch_document_key(batch_id, 'manifest')}"
    return {"batch_id": batch_id, "manifest_uri": uri, "raw_objects": raw_objects, "raw_lines": raw_lines}


def now() -> str:
    return utc_text(datetime.now(UTC))
