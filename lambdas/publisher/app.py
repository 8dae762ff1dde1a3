"""Lambda of the state machine: sends the committed rows of a batch to the downstream stream."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from time import sleep

import boto3
import pyarrow as pa
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pyiceberg.table import Table

from contracts.contract import Contract, load_contracts
from contracts.errors import PipelineError
from lake import documents, layout
from lake.catalog import file_access, open_table, snapshot_rows
from lake.kinesis import fast_client, put_to
from lake.ledger import VISIBLE
from lake.put_records import Backoff
from lake.settings import required, whole_number
from lambdas.publisher.checkpoints import Checkpoints
from lambdas.publisher.plan import Part, Plan, left, plan_files, plan_rewritten, publication, shares
from lambdas.publisher.progress import Progress
from lambdas.publisher.publish import REQUESTS_AT_ONCE, Outside, publish_failed, publish_parts
from lambdas.publisher.rows import read_file, read_table

# A window that is begun must end within it, with some refusals.
MARGIN_MS = 60_000

logger = Logger()
metrics = Metrics(namespace="Tributary")


@dataclass(frozen=True)
class Settings:
    """Buckets of documents and of data, the table to read and the stream to write."""

    staging_bucket: str
    processed_bucket: str
    database: str
    table: str
    downstream_stream: str
    rows_per_share: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        names = ("STAGING_BUCKET", "PROCESSED_BUCKET", "DATABASE", "TABLE", "DOWNSTREAM_STREAM")
        values = (required(environment, name) for name in names)
        return cls(*values, rows_per_share=whole_number(environment, "ROWS_PER_SHARE", 20_000))


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def s3():
    return boto3.client("s3")


@cache
def kinesis():
    return fast_client(REQUESTS_AT_ONCE)


@cache
def contracts() -> dict[str, Contract]:
    return load_contracts()


def handler(event: dict, context: object) -> dict:
    """Send the named parts of a batch; without names whatever is left, or say which calls are to send it."""

    def is_time_left() -> bool:
        return context.get_remaining_time_in_millis() > MARGIN_MS

    batch_id, again = event["batch_id"], event.get("again", False)
    if "parts" in event:
        return send_share(batch_id, event["parts"], again, is_time_left)
    return publish(batch_id, again, is_time_left)


def publish(batch_id: str, again: bool, is_time_left: Callable[[], bool]) -> dict:
    """Send all that is left where one call can, else cut it into shares; once all is sent, close the publication."""
    plan, progress = planned(batch_id, again)
    waiting = left(plan, progress, again)
    if len(shares(waiting, settings().rows_per_share)) == 1:
        send_parts(plan, waiting, progress, again, is_time_left)
        waiting = left(plan, progress, again=False)
    if waiting:
        cut = shares(waiting, settings().rows_per_share)
        calls = [{"batch_id": batch_id, "parts": numbers, "again": again} for numbers in cut]
        return {"batch_id": batch_id, "is_published": False, "shares": calls}
    return close(plan, progress)


def close(plan: Plan, progress: dict[int, Progress]) -> dict:
    """Leave the counts for the ledger."""
    document = publication(plan, progress)
    documents.write_json(s3(), settings().staging_bucket, layout.batch_document_key(plan.batch_id, "publish"), document)
    counts = {name: value for name, value in document.items() if name != "unsent_events"}
    logger.info("batch published", **counts)
    return counts | {"is_published": True, "shares": []}


def send_share(batch_id: str, numbers: list[int], again: bool, is_time_left: Callable[[], bool]) -> dict:
    plan = checkpoints().plan(batch_id)
    if plan is None:
        raise PipelineError(f"batch {batch_id} has no plan of its publication; expected one. Publish the batch again.")
    parts = [plan.parts[number] for number in numbers]
    progress = checkpoints().progress(plan, parts)
    send_parts(plan, parts, progress, again, is_time_left)
    return {"batch_id": batch_id, "parts": numbers}


def send_parts(
    plan: Plan, parts: list[Part], progress: dict[int, Progress], again: bool, is_time_left: Callable[[], bool]
) -> None:
    """Send parts as far as time allows, and count what became of their rows."""
    before = dict(progress)
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        outside = Outside(
            read=partial(read, plan),
            put=put_to(kinesis(), settings().downstream_stream),
            backoff=Backoff(sleep, random.random),
            in_parallel=pool.map,
            store_payload=partial(store_payload, plan.batch_id),
            note=partial(checkpoints().note, plan),
            is_time_left=is_time_left,
        )
        if again:
            publish_failed(parts, progress, contracts(), outside)
        publish_parts(parts, progress, contracts(), outside)
    count(before, progress)


def count(before: dict[int, Progress], after: dict[int, Progress]) -> None:
    """Metrics of what one call did; the ledger counts the batch."""
    for name, counted in {
        "EventsPublished": lambda p: p.published,
        "EventsSwitchedOff": lambda p: p.switched_off,
        "PublishFailures": lambda p: len(p.failed),
    }.items():
        done = sum(map(counted, after.values())) - sum(map(counted, before.values()))
        metrics.add_metric(name, MetricUnit.Count, max(0, done))
    metrics.flush_metrics()
    for failure in (f for number, p in after.items() for f in p.failed if f not in before[number].failed):
        logger.error("row not published", event_id=failure.event_id, reason=failure.reason, found=failure.found)


def planned(batch_id: str, again: bool) -> tuple[Plan, dict[int, Progress]]:
    """The plan of the batch's publication and how far it is; a new plan where its snapshot has expired."""
    plan = checkpoints().plan(batch_id)
    if plan is not None:
        progress = checkpoints().progress(plan, plan.parts)
        if not left(plan, progress, again) or table().snapshot_by_id(int(plan.snapshot_id)):
            return plan, progress
    plan = checkpoints().write_plan(new_plan(batch_id))
    return plan, checkpoints().progress(plan, plan.parts)


def new_plan(batch_id: str) -> Plan:
    """The files that were committed; once their snapshot has expired, the batch's rows wherever they lie now."""
    commit = read_commit(batch_id)
    if commit["snapshot_id"] is None:
        return Plan(batch_id, None, [])
    found, snapshot_id = table(), int(commit["snapshot_id"])
    if found.snapshot_by_id(snapshot_id):
        rows = snapshot_rows(found, snapshot_id).items()
        files = [(uri, layout.partition_values(uri)["event_type"], number) for uri, number in rows]
        return plan_files(batch_id, commit["snapshot_id"], files)
    logger.warning("snapshot expired; reading the batch's rows from the table", batch_id=batch_id)
    return plan_rewritten(batch_id, str(found.current_snapshot().snapshot_id), commit["rows_by_type"])


def read_commit(batch_id: str) -> dict:
    """What the commit left; what it left expires, then the ledger says it."""
    found = documents.read_batch_documents(s3(), settings().staging_bucket, batch_id, ("commit",))
    if found:
        return found["commit"]
    record = documents.find_batch_record(s3(), settings().processed_bucket, batch_id)
    if record is None or record.status not in VISIBLE:
        raise PipelineError(
            f"batch {batch_id} is not committed; expected its commit document or its record in the ledger. "
            "Commit the batch, then publish it."
        )
    return {"snapshot_id": record.snapshot_id, "rows_by_type": record.rows_by_type}


def read(plan: Plan, part: Part, first: int) -> Iterator[pa.RecordBatch]:
    if part.uri is None:
        yield from read_table(table(), int(plan.snapshot_id), plan.batch_id, part.event_type, first)
    else:
        with file_access().new_input(part.uri).open() as file:
            yield from read_file(file, part.event_type, first)


def store_payload(batch_id: str, source: str, event_id: str, payload: bytes) -> str:
    """Keep the data of an event that is too large for the stream; the URI to fetch it by."""
    bucket, key = settings().processed_bucket, layout.published_data_key(batch_id, source, event_id)
    s3().put_object(Bucket=bucket, Key=key, Body=payload, ContentType="application/json")
    return f"s3://{bucket}/{key}"


def checkpoints() -> Checkpoints:
    return Checkpoints(s3(), settings().staging_bucket)


def table() -> Table:
    return open_table(settings().database, settings().table)
