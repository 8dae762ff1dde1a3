"""Lambda behind the ingest stream: records become one raw object, rejects by reason and a receipt."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from contracts.contract import load_contracts
from lake import layout
from lake.documents import write_json
from lake.ledger import to_document
from lake.raw_lines import compress
from lake.settings import required
from lambdas.ingestion.decode import Decoder
from lambdas.ingestion.delivery import Delivery, read_delivery
from lambdas.ingestion.records import read_payloads

NAMESPACE = "Tributary"
logger = Logger()
metrics = Metrics(namespace=NAMESPACE)


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


def handler(event: dict, context: object) -> dict:
    """Store a delivery; where storage fails, ask for it again from its first record."""
    delivery = read_delivery(read_payloads(event), decoder())
    if delivery is None:
        return {"batchItemFailures": []}
    try:
        store(s3(), settings(), delivery)
    except (ClientError, BotoCoreError) as error:
        logger.error("delivery not stored", first_sequence=delivery.first.sequence, cause=str(error))
        return {"batchItemFailures": [{"itemIdentifier": delivery.first.sequence}]}
    count(delivery)
    return {"batchItemFailures": []}


def store(s3, settings: Settings, delivery: Delivery) -> None:
    """Write raw object and rejects, the receipt last: it says that all of them are there."""
    if delivery.raw_key:
        body, metadata = delivery.raw.body(), delivery.raw.metadata()
        write_lines(s3, settings.raw_bucket, delivery.raw_key, body, metadata)
    for key, lines in delivery.reject_lines().items():
        write_lines(s3, settings.error_bucket, key, compress(lines), {})
    receipt_key = layout.receipt_key(delivery.first, delivery.last)
    write_json(s3, settings.processed_bucket, receipt_key, to_document(delivery.receipt()))


def write_lines(s3, bucket: str, key: str, body: bytes, metadata: dict[str, str]) -> None:
    """Write compressed lines; without ContentEncoding, which some clients would undo and others not."""
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/x-ndjson", Metadata=metadata)


def count(delivery: Delivery) -> None:
    """Metrics and one log line of a stored delivery."""
    metrics.add_metric("RecordsRead", MetricUnit.Count, delivery.records)
    metrics.add_metric("LinesAccepted", MetricUnit.Count, len(delivery.raw.lines))
    metrics.flush_metrics()
    for reason, rejected in delivery.rejects_by_reason.items():
        with single_metric("RecordsRejected", MetricUnit.Count, rejected, namespace=NAMESPACE) as metric:
            metric.add_dimension("reason", reason)
    logger.info("delivery stored", raw_key=delivery.raw_key, records=delivery.records, **delivery.rejects_by_reason)
