"""Commits a batch's data files to the table `events`: the point of no return."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from time import sleep

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pyiceberg.table import Table

from lake.catalog import ASK_ONCE, open_table
from lake.documents import read_batch_record, read_json, write_json
from lake.layout import batch_document_key
from lake.ledger import VISIBLE
from lake.manifest import Manifest
from lake.settings import required
from lambdas.commit.batch import CommittedBatch, read_batch, told_by_ledger
from lambdas.commit.commit import commit_batch, committed_batch
from lambdas.commit.replacement import Replaced

LONGEST_PAUSE_SECONDS = 8.0

logger = Logger()
metrics = Metrics(namespace="Tributary")


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


@metrics.log_metrics
def handler(event: dict, context: object) -> dict:
    """Make the rows of a batch visible, all of them or none; a batch whose rows are visible is left as it is."""
    made = recorded(event["batch_id"]) or committed(event["batch_id"])
    metrics.add_metric("RowsCommitted", MetricUnit.Count, made.rows)
    metrics.add_metric("DuplicatesAtCommit", MetricUnit.Count, made.redelivered + made.repeated)
    logger.info("batch committed", **made.summary())
    return made.summary()


def recorded(batch_id: str) -> CommittedBatch | None:
    """What the ledger says of a batch whose rows are visible; it outlives the snapshot."""
    batch_date = manifest(batch_id).batch_date
    record = read_batch_record(s3(), settings().processed_bucket, batch_id, [batch_date])
    if record is None or record.status not in VISIBLE:
        return None
    made = committed_batch(table(), batch_id)
    return left_behind(made) if made else told_by_ledger(record)


def committed(batch_id: str) -> CommittedBatch:
    """Commit the batch and leave its document."""
    plan = manifest(batch_id)
    batch = read_batch(plan, document(batch_id, "enrichment"))
    if plan.replaces is None:
        return left_behind(commit_batch(batch, table, pause))
    replaced = Replaced.planned(plan, document(batch_id, "vanishing")["positions"])
    return left_behind(commit_batch(replaced.within(batch), table, pause, replaced))


def table() -> Table:
    return open_table(settings().database, settings().table, **ASK_ONCE)


def manifest(batch_id: str) -> Manifest:
    return Manifest.from_document(document(batch_id, "manifest"))


def document(batch_id: str, name: str) -> dict:
    return read_json(s3(), settings().staging_bucket, batch_document_key(batch_id, name))


def left_behind(made: CommittedBatch) -> CommittedBatch:
    """Write the batch's document; the batch itself, to go on with."""
    key = batch_document_key(made.batch_id, "commit")
    write_json(s3(), settings().staging_bucket, key, made.as_document())
    return made


def pause(failures: int) -> None:
    """Full jitter, so that batches that met do not meet again."""
    sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.25 * 2**failures)))
