"""Lambdas behind the ingest stream: records become one raw object, rejects by reason and a receipt.

`handler` takes the deliveries of the event source mapping, `undelivered` takes what the mapping gave up.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote_plus

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from botocore.exceptions import BotoCoreError, ClientError

from contracts.contract import load_contracts
from lake import layout
from lake.documents import keys_below, read_json, write_json
from lake.ledger import IngestionReceipt, from_document, to_document
from lake.raw_lines import compress
from lake.settings import required
from lambdas.ingestion.decode import Decoder
from lambdas.ingestion.delivery import Delivery, read_delivery
from lambdas.ingestion.records import read_records
from lambdas.ingestion.undelivered import as_rejects, holding, not_held, prefixes, read_given_up

NAMESPACE = "Tributary"
logger = Logger()
metrics = Metrics(namespace=NAMESPACE)
# Answers and causes may quote what producers sent; traces are no place for it.
tracer = Tracer()
QUIET = {"capture_response": False, "capture_error": False}


@dataclass(frozen=True)
class Settings:
    """Buckets that ingestion writes to."""

    raw_bucket: str
    error_bucket: str
    processed_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        return cls(*(required(environment, name) for name in ("RAW_BUCKET", "ERROR_BUCKET", "PROCESSED_BUCKET")))


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def s3():
    return boto3.client("s3")


@cache
def decoder() -> Decoder:
    return Decoder(load_contracts())


@tracer.capture_lambda_handler(**QUIET)
def handler(event: dict, context: object) -> PartialItemFailureResponse:
    """Store a delivery; where storage fails, ask for it again from its first record."""
    delivery = read_delivery(read_records(event), decoder())
    if delivery is None:
        return {"batchItemFailures": []}
    try:
        store(delivery)
    except (ClientError, BotoCoreError) as error:
        logger.error("delivery not stored", first_sequence=delivery.first.sequence, cause=str(error))
        return {"batchItemFailures": [{"itemIdentifier": delivery.first.sequence}]}
    count(delivery)
    return {"batchItemFailures": []}


@tracer.capture_lambda_handler(**QUIET)
def undelivered(event: dict, context: object) -> None:
    """Account for the records of an on-failure document: those that are nowhere else become rejects."""
    bucket, key = event["detail"]["bucket"]["name"], unquote_plus(event["detail"]["object"]["key"])
    document = read_json(s3(), bucket, key)
    records = read_given_up(document)
    stored = holding(stored_below(settings().raw_bucket, prefixes(records, layout.raw_prefix)), records)
    # A raw object is written after its rejects: only its receipt may lack.
    for key in stored:
        write_receipt(receipt_of(key))
    receipts = stored_below(settings().processed_bucket, prefixes(records, layout.shard_receipts_prefix))
    delivery = as_rejects(not_held([*stored, *receipts], records), document["requestContext"]["condition"])
    if delivery:
        store(delivery)
        count(delivery)


@tracer.capture_method(**QUIET)
def store(delivery: Delivery) -> None:
    """Write rejects, then the raw object, the receipt last: each says that those before it are there."""
    for key, lines in delivery.reject_lines().items():
        write_lines(settings().error_bucket, key, compress(lines), {})
    if delivery.raw_key:
        write_lines(settings().raw_bucket, delivery.raw_key, delivery.raw.body(), delivery.metadata())
    write_receipt(delivery.receipt())


def write_lines(bucket: str, key: str, body: bytes, metadata: dict[str, str]) -> None:
    """Write compressed lines; without ContentEncoding, which some clients would undo and others not."""
    s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/x-ndjson", Metadata=metadata)


def write_receipt(receipt: IngestionReceipt) -> None:
    write_json(s3(), settings().processed_bucket, layout.receipt_key(receipt), to_document(receipt))


def stored_below(bucket: str, prefixes: Iterable[str]) -> list[str]:
    return [entry["Key"] for prefix in prefixes for entry in keys_below(s3(), bucket, prefix)]


def receipt_of(raw_key: str) -> IngestionReceipt:
    """The receipt that a raw object carries in its metadata."""
    head = s3().head_object(Bucket=settings().raw_bucket, Key=raw_key)
    return from_document(IngestionReceipt, json.loads(head["Metadata"]["receipt"]))


def count(delivery: Delivery) -> None:
    """Metrics and one log line of a stored delivery."""
    metrics.add_metric("RecordsRead", MetricUnit.Count, delivery.records)
    metrics.add_metric("LinesAccepted", MetricUnit.Count, len(delivery.raw.lines))
    metrics.flush_metrics()
    for reason, rejected in delivery.rejects_by_reason.items():
        with single_metric("RecordsRejected", MetricUnit.Count, rejected, namespace=NAMESPACE) as metric:
            metric.add_dimension("reason", reason)
    logger.info("delivery stored", raw_key=delivery.raw_key, records=delivery.records, **delivery.rejects_by_reason)
