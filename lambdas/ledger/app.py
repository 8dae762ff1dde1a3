"""Lambda of the state machine: writes what became of a batch into the ledger."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from contracts.contract import load_contracts
from lake import documents
from lake.backfills import backfill_outcome
from lake.batch_outcome import STEPS, compose_record
from lake.ledger import BatchRecord, BatchStatus
from lake.positions import utc_text
from lake.settings import required
from lambdas.ledger.outcome import dates_to_look_at, read_outcome

logger = Logger()
metrics = Metrics(namespace="Tributary")


@dataclass(frozen=True)
class Settings:
    """Buckets of the steps' documents and of the ledger."""

    staging_bucket: str
    processed_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        return cls(*(required(environment, name) for name in ("STAGING_BUCKET", "PROCESSED_BUCKET")))


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def s3():
    return boto3.client("s3")


@cache
def contract_versions() -> dict[str, str]:
    return {name: str(contract.version) for name, contract in load_contracts().items()}


def handler(event: dict, context: object) -> dict:
    """Record how the batch, or the backfill, came out: committed, published, quarantined or failed."""
    if event.get("is_backfill"):
        return record_backfill(event, utc_text(datetime.now(UTC)))
    record = record_outcome(event, utc_text(datetime.now(UTC)))
    if record.status == BatchStatus.QUARANTINED:
        metrics.add_metric("BatchesQuarantined", MetricUnit.Count, 1)
        metrics.flush_metrics()
    logger.info("batch recorded", batch_id=record.batch_id, status=record.status, rows=record.rows)
    return {"batch_id": record.batch_id, "status": record.status, "rows": record.rows, "published": record.published}


def record_backfill(event: dict, recorded_at: str) -> dict:
    """Write the record of a backfill; one without a manifest has replaced nothing and has no record."""
    outcome, buckets = read_outcome(event, recorded_at), settings()
    left = documents.read_batch_documents(s3(), buckets.staging_bucket, outcome.batch_id, STEPS)
    if "manifest" not in left:
        logger.error("backfill was not planned", batch_id=outcome.batch_id, cause=outcome.cause)
        return {"batch_id": outcome.batch_id, "status": str(outcome.status), "rows": 0}
    record = backfill_outcome(outcome, left, contract_versions())
    documents.write_backfill_record(s3(), buckets.processed_bucket, record)
    logger.info("backfill recorded", batch_id=record.backfill_id, status=record.status, rows=record.rows)
    return {"batch_id": record.backfill_id, "status": record.status, "rows": record.rows}


def record_outcome(event: dict, recorded_at: str) -> BatchRecord:
    """Compose the record out of the steps' documents and write it."""
    outcome, buckets = read_outcome(event, recorded_at), settings()
    left = documents.read_batch_documents(s3(), buckets.staging_bucket, outcome.batch_id, STEPS)
    dates = dates_to_look_at(outcome, left.get("manifest"))
    existing = documents.read_batch_record(s3(), buckets.processed_bucket, outcome.batch_id, dates)
    if existing is None and outcome.status == BatchStatus.PUBLISHED:
        # What the steps left expires; a batch may be published later than that.
        existing = documents.find_batch_record(s3(), buckets.processed_bucket, outcome.batch_id)
    record = compose_record(outcome, left, existing, contract_versions())
    documents.write_batch_record(s3(), buckets.processed_bucket, record)
    return record
