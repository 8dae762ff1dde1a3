"""The stream delivers again what it likes, as it likes, and ingestion may die at any write: rows and rejects stay."""

import base64
import gzip
import json
from contextlib import contextmanager
from datetime import UTC, datetime

import orjson
import pytest
from botocore.exceptions import ClientError

from jobs.process_events import job
from lake.documents import keys_below, read_receipts
from lake.ledger import BatchRecord, balance
from lambdas.ingestion import app
from tests.unit.ingestion_events import EVENT, REFUND
from tests.unit.test_ingestion_unpack import aggregate

ARRIVAL = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
SHARD = "shardId-000000000000"


def event(event_id, **data):
    return orjson.dumps(EVENT | {"id": event_id, "data": REFUND | data})


PAYLOADS = [
    event("e-1"),
    b"oops",
    event("e-2"),
    aggregate(event("e-3"), b"\xff", event("e-4")),
    event("e-1"),
    event("e-5", amount=1.005),
    b"[" + event("e-6") + b"," + event("e-2") + b"]",
]
ROWS = [(f"e-{number}", sequence) for number, sequence in ((1, 0), (2, 2), (3, 3), (4, 3), (6, 6))]
REJECTS = {("invalid_json", b"oops"), ("invalid_utf8", b"\xff"), ("invalid_data", PAYLOADS[5])}
SLOW_DOWN = ClientError({"Error": {"Code": "SlowDown", "Message": "Reduce your request rate"}}, "PutObject")
WRITES = 5  # three reasons, the raw object, the receipt


def record(sequence):
    return {
        "kinesis": {
            "sequenceNumber": str(100 + sequence),
            "data": base64.b64encode(PAYLOADS[sequence]).decode(),
            "approximateArrivalTimestamp": ARRIVAL + sequence,
        },
        "eventID": f"{SHARD}:{100 + sequence}",
        "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/ingest",
    }


def deliver(first=0, behind=None):
    return app.handler({"Records": [record(sequence) for sequence in range(len(PAYLOADS))[first:behind]]}, None)


class Died(BaseException):
    """The process is gone; no handler of exceptions gets to see it."""


@contextmanager
def fault(moment, writes, error):
    """At or after the so-many-th write, an error."""
    left = iter(range(1, writes))

    def strike(**_):
        if next(left, None) is None:
            raise error

    events = app.s3().meta.events
    events.register(f"{moment}.s3.PutObject", strike, unique_id="fault")
    yield
    events.unregister(f"{moment}.s3.PutObject", unique_id="fault")


def rejects(s3):
    """(reason, original bytes) by id; the same id never stands for two."""
    found = {}
    for entry in keys_below(s3, "error", "rejects/"):
        reason = entry["Key"].split("reason=")[1].split("/")[0]
        for line in gzip.decompress(s3.get_object(Bucket="error", Key=entry["Key"])["Body"].read()).splitlines():
            reject = json.loads(line)
            told = (reason, base64.b64decode(reject["original_base64"]))
            assert found.setdefault(reject["reject_id"], told) == told
    return found


def process(spark, s3, folder):
    """The batch of all raw objects, as the job makes it; (its rows, its document)."""
    paths, size = [], 0
    for number, entry in enumerate(keys_below(s3, "raw", "raw/")):
        path = folder / f"{number}.ndjson.gz"
        path.write_bytes(s3.get_object(Bucket="raw", Key=entry["Key"])["Body"].read())
        paths.append(str(path))
        size += entry["Size"]
    batch = job.Batch("b-1", paths, [], str(folder / "staged"), size, job.Sizes(1_000_000, 16))
    document, _ = job.process(spark, batch, "pepper")
    staged = spark.read.parquet(batch.staged).select("event_id", "ingest_position").collect()
    return sorted((row[0], int(row[1].split("/")[2]) - 100) for row in staged), document


def assert_as_delivered_once(spark, s3, folder):
    assert set(rejects(s3).values()) == REJECTS
    rows, document = process(spark, s3, folder)
    assert rows == ROWS
    batch = BatchRecord(
        *("b-1", "2026-11-22", "committed", "2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z", 1, []),
        **{name: document[name] for name in ("raw_lines", "rows", "redelivered", "repeated", "rejected")},
    )
    sums = balance(read_receipts(s3, "processed"), [batch])
    assert sums.is_balanced
    assert sums.events == sums.raw_lines + sums.ingestion_rejects


def test_delivered_once(spark, zones, tmp_path):
    assert deliver() == {"batchItemFailures": []}
    assert_as_delivered_once(spark, zones, tmp_path)


def test_delivered_twice(spark, zones, tmp_path):
    deliver()
    deliver()
    assert_as_delivered_once(spark, zones, tmp_path)


@pytest.mark.parametrize("at", range(1, len(PAYLOADS)))
def test_delivered_again_in_two_parts(spark, zones, tmp_path, at):
    deliver()
    deliver(0, at)
    deliver(at)
    assert_as_delivered_once(spark, zones, tmp_path)


def test_delivered_in_parts_that_overlap(spark, zones, tmp_path):
    deliver(2, 7)
    deliver(0, 5)
    deliver(4, 6)
    assert_as_delivered_once(spark, zones, tmp_path)


@pytest.mark.parametrize("writes", range(1, WRITES + 1))
def test_delivered_again_after_the_process_died(spark, zones, tmp_path, writes):
    with fault("after-call", writes, Died()), pytest.raises(Died):
        deliver()
    deliver(0, 4)
    deliver(4)
    assert_as_delivered_once(spark, zones, tmp_path)


@pytest.mark.parametrize("writes", range(1, WRITES + 1))
def test_delivered_again_after_s3_refused_a_write(spark, zones, tmp_path, writes):
    with fault("before-call", writes, SLOW_DOWN):
        assert deliver() == {"batchItemFailures": [{"itemIdentifier": "100"}]}
    assert deliver() == {"batchItemFailures": []}
    assert_as_delivered_once(spark, zones, tmp_path)
