import json
from decimal import Decimal

import boto3
import pytest

from contracts.errors import PipelineError
from lake.catalog import BATCH_ID
from lake.documents import read_json, write_json
from lambdas.publisher import app
from lambdas.publisher.progress import Progress

STREAM = "downstream"


@pytest.fixture
def stream(lake, monkeypatch):
    """The downstream stream; a function that returns what was sent to it."""
    settings = {"STAGING_BUCKET": lake.staging, "DATABASE": lake.database, "TABLE": "events"}
    for name, value in {**settings, "DOWNSTREAM_STREAM": STREAM}.items():
        monkeypatch.setenv(name, value)
    forget()
    client = boto3.client("kinesis")
    client.create_stream(StreamName=STREAM, ShardCount=1)
    yield lambda: sent(client)
    forget()


def forget():
    for remembered in (app.settings, app.s3, app.kinesis):
        remembered.cache_clear()


def sent(client):
    shard = client.list_shards(StreamName=STREAM)["Shards"][0]["ShardId"]
    start = client.get_shard_iterator(StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = client.get_records(ShardIterator=start["ShardIterator"])["Records"]
    return [(record["PartitionKey"], json.loads(record["Data"])) for record in records]


def refund(lake, event_id, **changes):
    data = {"user_id": "u-1", "refund_id": "r-1", "order_id": "o-1", "product_id": "p-1", "currency": "EUR"}
    amount = {"amount": Decimal("12.30"), "reason": "late"}
    return lake.row(event_id, event_type="refund", refund=data | amount | changes)


def commit(lake, rows, batch_id="b-1"):
    uris = [file["uri"] for file in lake.write(batch_id, rows)]
    table = lake.table()
    table.add_files(uris, snapshot_properties={BATCH_ID: batch_id})
    leave_commit(lake, str(table.current_snapshot().snapshot_id), len(rows), batch_id)
    return uris


def leave_commit(lake, snapshot_id, rows, batch_id="b-1"):
    document = {"batch_id": batch_id, "snapshot_id": snapshot_id, "rows": rows}
    write_json(lake.s3, lake.staging, f"batches/{batch_id}/commit.json", document)


def progress(lake):
    return read_json(lake.s3, lake.staging, "batches/b-1/publish.json")


def test_every_row_of_the_batch_is_sent_and_none_of_another(lake, stream):
    commit(lake, [refund(lake, "e-0")], batch_id="b-0")
    commit(lake, [refund(lake, "e-1"), refund(lake, "e-2"), lake.row("e-3", event_type="sign_up")])
    commit(lake, [refund(lake, "e-4")], batch_id="b-2")
    assert app.handler({"batch_id": "b-1"}, None) == {"batch_id": "b-1", "published": 3}
    assert [(key, event["id"], event["type"]) for key, event in stream()] == [
        ("e-1", "e-1", "refund"),
        ("e-2", "e-2", "refund"),
        ("e-3", "e-3", "sign_up"),
    ]


def test_an_event_goes_downstream_with_its_data_and_position(lake, stream):
    commit(lake, [refund(lake, "e-1")])
    app.handler({"batch_id": "b-1"}, None)
    ((_, event),) = stream()
    assert (event["batchid"], event["ingestposition"]) == ("b-1", "ingest/shard/e-1/0")
    assert (event["time"], event["data"]["amount"]) == ("2026-11-22T12:00:00.000000Z", 12.3)


def test_progress_is_noted_with_each_file(lake, stream):
    uris = commit(lake, [refund(lake, "e-1"), refund(lake, "e-2"), lake.row("e-3", event_type="sign_up")])
    app.handler({"batch_id": "b-1"}, None)
    assert progress(lake) == {"batch_id": "b-1", "published": 3, "files_done": sorted(uris), "failed": []}


def test_a_publisher_that_is_started_again_goes_on_where_it_stopped(lake, stream):
    first, _ = sorted(commit(lake, [refund(lake, "e-1"), lake.row("e-2", event_type="sign_up")]))
    app.note(Progress("b-1").after(first, 1, []))
    assert app.handler({"batch_id": "b-1"}, None)["published"] == 2
    assert [event["id"] for _, event in stream()] == ["e-2"]


def test_files_that_were_sent_before_a_failure_are_noted(lake, stream):
    first, second = sorted(commit(lake, [refund(lake, "e-1"), lake.row("e-2", event_type="sign_up")]))
    bucket, _, key = second.removeprefix("s3://").partition("/")
    lake.s3.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(FileNotFoundError):
        app.handler({"batch_id": "b-1"}, None)
    assert progress(lake)["files_done"] == [first]


def test_a_published_batch_sends_nothing_again(lake, stream):
    commit(lake, [refund(lake, "e-1")])
    for _ in range(2):
        assert app.handler({"batch_id": "b-1"}, None)["published"] == 1
    assert len(stream()) == 1


def test_a_batch_without_rows_is_published_at_once(lake, stream):
    leave_commit(lake, None, 0)
    assert app.handler({"batch_id": "b-1"}, None) == {"batch_id": "b-1", "published": 0}
    assert progress(lake)["published"] == 0


def test_a_row_too_large_to_send_is_noted_and_does_not_stop_the_others(lake, stream):
    commit(lake, [refund(lake, "e-1", comment="x" * 1_100_000), refund(lake, "e-2")])
    assert app.handler({"batch_id": "b-1"}, None)["published"] == 1
    (failed,) = progress(lake)["failed"]
    assert (failed["source"], failed["event_id"]) == ("/shop", "e-1")
    assert [event["id"] for _, event in stream()] == ["e-2"]


def test_a_batch_that_is_not_committed_is_not_published(lake, stream):
    with pytest.raises(PipelineError, match="batch b-1 has no commit document; expected one"):
        app.handler({"batch_id": "b-1"}, None)


def test_a_snapshot_that_has_expired_is_named(lake, stream):
    leave_commit(lake, "42", 1)
    with pytest.raises(PipelineError, match="batch b-1: snapshot 42 has expired; expected the table to keep it"):
        app.handler({"batch_id": "b-1"}, None)


def test_rows_are_published_as_committed_even_if_files_were_rewritten_since(lake, stream):
    commit(lake, [refund(lake, "e-1"), refund(lake, "e-2")])
    lake.table().delete("event_id = 'e-2'")
    assert app.handler({"batch_id": "b-1"}, None)["published"] == 2
