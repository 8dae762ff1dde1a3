from datetime import UTC, datetime

from lake import layout
from lake.ledger import IngestionReceipt
from lake.positions import Position

FIRST = Position("ingest", "shardId-000000000000", "101", 0, datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC))
LAST = Position("ingest", "shardId-000000000000", "205", 0, datetime(2026, 11, 23, 0, 0, 1, tzinfo=UTC))


def test_keys_of_a_delivery_lie_under_the_date_of_its_first_record():
    assert layout.raw_key(FIRST, LAST) == "raw/ingest_date=2026-11-22/ingest/shardId-000000000000/101-205.ndjson.gz"
    assert layout.ingestion_rejects_key("too_large", FIRST, LAST) == (
        "rejects/stage=ingestion/reason=too_large/reject_date=2026-11-22/ingest-shardId-000000000000-101-205.ndjson.gz"
    )


def test_the_key_of_a_receipt_says_which_delivery_it_is_of():
    times = ["2026-11-22T23:59:59.000000Z", "2026-11-23T00:00:01.000000Z"]
    receipt = IngestionReceipt("ingest", "shardId-000000000000", "101", "205", *times, 2, 2, 2, 0, {}, "raw/…")
    key = layout.receipt_key(receipt)
    assert key == "ledger/ingestions/ingest_date=2026-11-22/ingest-shardId-000000000000-101-205.json"
    assert layout.receipt_span(key) == ("ingest-shardId-000000000000", "101", "205")
    assert layout.delivery_span(key) == layout.delivery_span(layout.raw_key(FIRST, LAST)) == (101, 205)


def test_keys_of_a_batch():
    assert layout.batch_record_key("2026-11-22", "b-1") == "ledger/batches/batch_date=2026-11-22/b-1.json"
    assert layout.batch_document_key("b-1", "manifest") == "batches/b-1/manifest.json"
    assert layout.staged_prefix("b-1") == "batches/b-1/staged/"
    assert layout.report_key("2026-11-22", "b-1") == "data-quality/batch_date=2026-11-22/b-1.html"


def test_the_path_of_a_data_file_tells_its_partition():
    key = layout.data_file_key("refund", "2026-11-22", "b-1", 7)
    assert key == "events/data/event_type=refund/event_date=2026-11-22/b-1-00007.parquet"
    assert layout.partition_values(key) == {"event_type": "refund", "event_date": "2026-11-22"}
    assert layout.partition_date(key) == "2026-11-22"
    assert layout.partition_date("batches/b-1/manifest.json") == ""


def test_a_file_name_is_no_partition():
    assert layout.partition_values("a/b=1/c=2.parquet") == {"b": "1"}


def test_a_uri_is_bucket_and_key():
    assert layout.split_uri("s3://processed/events/a=1/b.parquet") == ("processed", "events/a=1/b.parquet")
