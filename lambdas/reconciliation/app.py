"""Lambda on a schedule: starts what nobody started, closes what died, publishes what was left unpublished."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pyiceberg.table import Table

from contracts.contract import load_contracts
from contracts.errors import PipelineError
from lake import documents
from lake.batch_outcome import STEPS, Outcome, compose_record
from lake.catalog import COUNTS, committed_snapshot, open_table, snapshot_files
from lake.layout import batch_document_key
from lake.ledger import BatchRecord, BatchStatus
from lake.positions import utc_text
from lake.settings import required, whole_number
from lambdas.reconciliation.names import republish_name, start_name
from lambdas.reconciliation.plan import (
    Action,
    GiveUp,
    Limits,
    RawVersion,
    RecordCommitted,
    RecordFailed,
    Republish,
    StartBatch,
    plan,
    suspects,
)

KEYS_LOGGED = 20
logger = Logger()
metrics = Metrics(namespace="Tributary")


@dataclass(frozen=True)
class Settings:
    """What to look at, what to start, and when."""

    raw_bucket: str
    staging_bucket: str
    processed_bucket: str
    database: str
    table: str
    state_machine_arn: str
    lookback_days: int
    limits: Limits

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        names = ("RAW_BUCKET", "STAGING_BUCKET", "PROCESSED_BUCKET", "DATABASE", "TABLE", "STATE_MACHINE_ARN")
        limits = Limits(
            settle=timedelta(seconds=whole_number(environment, "RECONCILE_AFTER_SECONDS", 900)),
            max_attempts=whole_number(environment, "MAX_ATTEMPTS", 3),
        )
        values = (required(environment, name) for name in names)
        return cls(*values, lookback_days=whole_number(environment, "LOOKBACK_DAYS", 3), limits=limits)


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def s3():
    return boto3.client("s3")


@cache
def step_functions():
    return boto3.client("stepfunctions")


def handler(event: dict, context: object) -> dict:
    """Plan and take the actions; how many of each kind."""
    now = datetime.now(UTC)
    counts = reconcile(now, event.get("by_hand", False))
    for name in ("StartBatch", "Republish", "RecordCommitted", "RecordFailed", "GiveUp", "NotDone"):
        metrics.add_metric(f"Reconciliation{name}", MetricUnit.Count, counts.get(name, 0))
    metrics.flush_metrics()
    logger.info("reconciled", **counts)
    return counts


def reconcile(now: datetime, by_hand: bool = False) -> dict[str, int]:
    """One pass; an action that cannot be taken does not keep the others from being taken.

    Who asks for a pass by hand has mended something: it gives nothing up.
    """
    limits = replace(settings().limits, max_attempts=sys.maxsize) if by_hand else settings().limits
    dates = [(now.date() - timedelta(days=back)).isoformat() for back in range(settings().lookback_days, -1, -1)]
    # Executions first: one that ends after this line has its outcome in the ledger read below.
    executing = running_executions()
    batches = {b.batch_id: b for b in documents.read_batch_records(s3(), settings().processed_bucket, dates[0])}
    commits = find_commits(suspects(batches.values(), executing, now, limits))
    actions = plan(raw_versions(dates), list(batches.values()), executing, commits, now, limits)
    counts: dict[str, int] = {}
    for action in actions:
        name = take(action, batches, commits, now)
        counts[name] = counts.get(name, 0) + 1
    return counts


def running_executions() -> set[str]:
    pages = (
        step_functions()
        .get_paginator("list_executions")
        .paginate(stateMachineArn=settings().state_machine_arn, statusFilter="RUNNING")
    )
    return {execution["name"] for page in pages for execution in page["executions"]}


def raw_versions(dates: Iterable[str]) -> Iterator[RawVersion]:
    """Current versions of the raw objects of records that arrived on these dates."""
    paginator, bucket = s3().get_paginator("list_object_versions"), settings().raw_bucket
    for ingest_date in dates:
        for page in paginator.paginate(Bucket=bucket, Prefix=f"raw/ingest_date={ingest_date}/"):
            for found in page.get("Versions", []):
                if found["IsLatest"]:
                    key, version = found["Key"], found["VersionId"]
                    yield RawVersion(bucket, key, version, found["Size"], found["LastModified"])


def find_commits(batch_ids: list[str]) -> dict[str, dict]:
    """The commit document of each of the batches whose rows are visible."""
    if not batch_ids:
        return {}
    table = open_table(settings().database, settings().table)
    found = {batch_id: left_by_commit(batch_id) or told_by_table(table, batch_id) for batch_id in batch_ids}
    return {batch_id: commit for batch_id, commit in found.items() if commit}


def left_by_commit(batch_id: str) -> dict | None:
    return documents.read_json_if_there(s3(), settings().staging_bucket, batch_document_key(batch_id, "commit"))


def told_by_table(table: Table, batch_id: str) -> dict | None:
    """The document that the commit step would have left, had it not died after its commit."""
    snapshot_id = committed_snapshot(table, batch_id)
    if snapshot_id is None:
        return None
    counts = json.loads(table.snapshot_by_id(snapshot_id).summary.additional_properties[COUNTS])
    files = snapshot_files(table, snapshot_id)
    return {"batch_id": batch_id, "snapshot_id": str(snapshot_id), **counts, "files": files}


def take(action: Action, batches: dict[str, BatchRecord], commits: dict[str, dict], now: datetime) -> str:
    """Take one action; the name it is counted by."""
    try:
        match action:
            case StartBatch():
                start_batch(action, now)
            case Republish(batch_id):
                start(republish_name(batch_id, now), {"republish": batch_id})
            case RecordCommitted(batch_id) | RecordFailed(batch_id):
                record(batches[batch_id], commits.get(batch_id), now)
            case GiveUp(objects):
                keys = [entry.key for entry in objects[:KEYS_LOGGED]]
                logger.error("raw objects failed too often; see their batches", objects=len(objects), keys=keys)
    except PipelineError as error:
        logger.error("not reconciled", action=type(action).__name__, cause=str(error))
        return "NotDone"
    return type(action).__name__


def start_batch(action: StartBatch, now: datetime) -> None:
    name = start_name([entry.identity for entry in action.objects], now)
    logger.info("starting a batch", batch_id=name, objects=len(action.objects), attempt=action.attempt)
    given = {"objects": [entry.as_input() for entry in action.objects], "attempt": action.attempt}
    start(name, given | ({"release": action.release} if action.release else {}))


def start(name: str, execution_input: dict) -> None:
    step_functions().start_execution(
        stateMachineArn=settings().state_machine_arn, name=name, input=json.dumps(execution_input)
    )


def record(batch: BatchRecord, commit: dict | None, now: datetime) -> None:
    """Write what became of a batch whose execution ended without saying so."""
    if commit:
        key = batch_document_key(batch.batch_id, "commit")
        documents.write_json(s3(), settings().staging_bucket, key, commit)
    left = documents.read_batch_documents(s3(), settings().staging_bucket, batch.batch_id, STEPS)
    versions = {name: str(contract.version) for name, contract in load_contracts().items()}
    composed = compose_record(outcome_of(batch, bool(commit), now), left, batch, versions)
    documents.write_batch_record(s3(), settings().processed_bucket, composed)


def outcome_of(batch: BatchRecord, is_visible: bool, now: datetime) -> Outcome:
    status = BatchStatus.COMMITTED if is_visible else BatchStatus.FAILED
    error, cause = batch.error or "ExecutionEnded", batch.cause or "The execution ended without recording an outcome."
    return Outcome(batch.batch_id, status, batch.started_at, utc_text(now), error, cause)
