"""Lambda of the state machine: sends the committed rows of a batch to the downstream stream."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pyiceberg.table import Table

from contracts.contract import Contract, load_contracts
from contracts.errors import PipelineError
from lake import documents, layout
from lake.catalog import open_table, snapshot_files
from lake.ledger import from_document
from lake.put_records import MAX_RECORD_BYTES, portions
from lake.settings import required
from lambdas.publisher.batches import Backoff, send
from lambdas.publisher.encode import Message, as_message
from lambdas.publisher.progress import Progress
from lambdas.publisher.rows import read_rows

logger = Logger()
metrics = Metrics(namespace="Tributary")


@dataclass(frozen=True)
class Settings:
    """Bucket of the steps' documents, the table to read and the stream to write."""

    staging_bucket: str
    database: str
    table: str
    downstream_stream: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        names = ("STAGING_BUCKET", "DATABASE", "TABLE", "DOWNSTREAM_STREAM")
        return cls(*(required(environment, name) for name in names))


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def s3():
    return boto3.client("s3")


@cache
def kinesis():
    return boto3.client("kinesis")


@cache
def contracts() -> dict[str, Contract]:
    return load_contracts()


def handler(event: dict, context: object) -> dict:
    """Send every row of the batch that is not sent yet."""
    progress = publish(event["batch_id"])
    metrics.add_metric("EventsPublished", MetricUnit.Count, progress.published)
    metrics.add_metric("EventsNotPublished", MetricUnit.Count, len(progress.failed))
    metrics.flush_metrics()
    logger.info("batch published", batch_id=progress.batch_id, published=progress.published)
    return {"batch_id": progress.batch_id, "published": progress.published}


def publish(batch_id: str) -> Progress:
    """Send file by file and note each one that is done, so that another try goes on from there."""
    commit, progress = read_commit(batch_id), read_progress(batch_id)
    # A batch without rows has neither snapshot nor files.
    if commit["snapshot_id"] is not None:
        table = open_table(settings().database, settings().table)
        for uri in files_of(table, batch_id, int(commit["snapshot_id"])):
            if uri not in progress.files_done:
                progress = note(progress.after(uri, *send_file(table, uri)))
    return note(progress)


def read_commit(batch_id: str) -> dict:
    found = documents.read_batch_documents(s3(), settings().staging_bucket, batch_id, ("commit",))
    if not found:
        raise PipelineError(
            f"batch {batch_id} has no commit document; expected one. Commit the batch, then publish it."
        )
    return found["commit"]


def read_progress(batch_id: str) -> Progress:
    found = documents.read_batch_documents(s3(), settings().staging_bucket, batch_id, ("publish",))
    return from_document(Progress, found["publish"]) if found else Progress(batch_id)


def note(progress: Progress) -> Progress:
    key = layout.batch_document_key(progress.batch_id, "publish")
    documents.write_json(s3(), settings().staging_bucket, key, progress.as_document())
    return progress


def files_of(table: Table, batch_id: str, snapshot_id: int) -> list[str]:
    """URIs of the batch's data files, as they were committed."""
    if table.snapshot_by_id(snapshot_id) is None:
        raise PipelineError(
            f"batch {batch_id}: snapshot {snapshot_id} has expired; expected the table to keep it until the batch is "
            "published. Send the rows where batch_id is this batch's with a query, or keep snapshots longer."
        )
    return snapshot_files(table, snapshot_id)


def send_file(table: Table, uri: str) -> tuple[int, list[dict]]:
    """Send the rows of a data file; how many were sent, and those too large to be."""
    published, failed = 0, []
    with table.io.new_input(uri).open() as file:
        for portion in portions(sendable(read_messages(file, uri), failed)):
            send(portion, put_records(), time.sleep, random.random, Backoff())
            published += len(portion)
    return published, failed


def read_messages(file, uri: str) -> Iterator[Message]:
    return (as_message(row, contracts()[row["event_type"]]) for row in read_rows(file, uri))


def sendable(messages: Iterator[Message], failed: list[dict]) -> Iterator[Message]:
    """Messages that Kinesis takes; the others are noted in `failed`, since one of them would refuse a whole request."""
    for message in messages:
        if message.size_bytes <= MAX_RECORD_BYTES:
            yield message
            continue
        failed.append({"source": message.source, "event_id": message.event_id, "size_bytes": message.size_bytes})
        logger.error("row too large to publish", **failed[-1])


def put_records() -> Callable[[list[dict]], dict]:
    put = partial(kinesis().put_records, StreamName=settings().downstream_stream)
    return lambda entries: put(Records=entries)
