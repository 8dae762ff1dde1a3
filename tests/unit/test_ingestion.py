import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from contracts.errors import ConfigurationError
from lake.raw_lines import read_metadata
from lambdas.ingestion import app
from lambdas.ingestion.records import read_position

ARRIVAL = datetime(2026, 11, 22, 23, 59, 59, 500000, UTC)
SHARD = "shardId-000000000000"
SIGN_UP = {
    "user_id": "u-1",
    "name": "Jane",
    "email": "j@example.com",
    "country": "IE",
    "plan": "pro",
    "has_marketing_consent": True,
}
RAW_KEY = f"raw/ingest_date=2026-11-22/ingest/{SHARD}/101-103.ndjson.gz"
RECEIPT_KEY = f"ledger/ingestions/ingest_date=2026-11-22/ingest-{SHARD}-101-103.json"


def event(event_id="e-1", **changes):
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": "/shop",
            "type": "sign_up",
            "time": "2026-11-22T23:00:00Z",
            "data": SIGN_UP,
        }
        | changes
    )


def record(sequence, payload, arrival=ARRIVAL):
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "u-1",
            "sequenceNumber": str(sequence),
            "data": base64.b64encode(payload).decode(),
            "approximateArrivalTimestamp": arrival.timestamp(),
        },
        "eventSource": "aws:kinesis",
        "eventID": f"{SHARD}:{sequence}",
        "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/ingest",
    }


def delivery(*payloads):
    return {"Records": [record(101 + number, payload) for number, payload in enumerate(payloads)]}


@pytest.fixture
def s3(zones):
    return zones


def keys(s3, bucket):
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def stored(s3, bucket, key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_position_says_stream_shard_sequence_and_arrival_in_milliseconds():
    position = read_position(record(101, b"", ARRIVAL + timedelta(milliseconds=123)))
    assert position.as_json() == {
        "stream": "ingest",
        "shard": SHARD,
        "sequence": "101",
        "sub_sequence": 0,
        "arrival_time": "2026-11-22T23:59:59.623000Z",
    }


def test_accepted_events_become_one_raw_object_of_the_delivery(s3):
    assert app.handler(delivery(event("e-1"), event("e-2"), event("e-3")), None) == {"batchItemFailures": []}
    assert keys(s3, "raw") == [RAW_KEY]
    first, _, third = (
        json.loads(line)
        for line in gzip.decompress(s3.get_object(Bucket="raw", Key=RAW_KEY)["Body"].read()).splitlines()
    )
    assert first == {
        "position": {
            "stream": "ingest",
            "shard": SHARD,
            "sequence": "101",
            "sub_sequence": 0,
            "arrival_time": "2026-11-22T23:59:59.500000Z",
        },
        "event": {
            "specversion": "1.0",
            "id": "e-1",
            "source": "/shop",
            "type": "sign_up",
            "time": "2026-11-22T23:00:00Z",
        },
        "data": {"sign_up": SIGN_UP},
    }
    assert third["event"]["id"] == "e-3"


def test_the_raw_object_says_what_it_holds(s3):
    app.handler(delivery(event("e-1"), event("e-2", time="2026-11-22T22:00:00Z"), event("e-3")), None)
    head = s3.head_object(Bucket="raw", Key=RAW_KEY)
    span = [3, "2026-11-22T22:00:00.000000Z", "2026-11-22T23:00:00.000000Z"]
    assert read_metadata(head["Metadata"]) == {"lines": 3, "types": {"sign_up": span}}
    assert head["ContentType"] == "application/x-ndjson"
    assert "ContentEncoding" not in head


def test_every_record_is_a_line_or_a_reject_and_the_receipt_says_so(s3):
    app.handler(delivery(event(), b"oops", event(type="login")), None)
    receipt = json.loads(s3.get_object(Bucket="processed", Key=RECEIPT_KEY)["Body"].read())
    assert receipt == {
        "stream": "ingest",
        "shard": SHARD,
        "first_sequence": "101",
        "last_sequence": "103",
        "first_arrival_time": "2026-11-22T23:59:59.500000Z",
        "last_arrival_time": "2026-11-22T23:59:59.500000Z",
        "records": 3,
        "events": 3,
        "lines": 1,
        "rejected": 2,
        "rejects_by_reason": {"invalid_json": 1, "unknown_event_type": 1},
        "raw_key": RAW_KEY,
    }


def test_rejects_lie_by_reason_and_can_be_replayed(s3):
    app.handler(delivery(event(), b"oops", event(type="login")), None)
    json_key, type_key = keys(s3, "error")
    assert json_key == (
        f"rejects/stage=ingestion/reason=invalid_json/reject_date=2026-11-22/ingest-{SHARD}-101-103.ndjson.gz"
    )
    assert "reason=unknown_event_type" in type_key
    body = gzip.decompress(s3.get_object(Bucket="error", Key=json_key)["Body"].read())
    reject = json.loads(body)
    assert base64.b64decode(reject["original_base64"]) == b"oops"
    assert reject["found"].startswith("no JSON: ")
    assert (reject["sequence"], reject["event_type"]) == ("102", None)


def test_a_delivery_of_rejects_only_has_no_raw_object(s3):
    app.handler(delivery(b"", b"7", b"\xff"), None)
    assert keys(s3, "raw") == []
    receipt = json.loads(s3.get_object(Bucket="processed", Key=RECEIPT_KEY)["Body"].read())
    assert (receipt["records"], receipt["lines"], receipt["raw_key"]) == (3, 0, None)
    assert receipt["rejects_by_reason"] == {"invalid_envelope": 1, "invalid_json": 1, "invalid_utf8": 1}


def test_a_delivery_that_comes_again_writes_the_same_bytes_under_the_same_keys(s3):
    bodies = []
    for _ in range(2):
        app.handler(delivery(event(), b"oops"), None)
        places = [(bucket, key) for bucket in ("raw", "error", "processed") for key in keys(s3, bucket)]
        bodies.append([(place, s3.get_object(Bucket=place[0], Key=place[1])["Body"].read()) for place in places])
    assert bodies[0] == bodies[1]
    assert len(bodies[0]) == 3


def test_where_storage_fails_the_delivery_is_asked_for_again_from_its_first_record(s3):
    s3.delete_bucket(Bucket="error")
    answer = app.handler(delivery(event(), b"oops"), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "101"}]}
    assert keys(s3, "processed") == []


def test_a_mistake_of_ours_is_not_taken_for_a_failing_storage(s3, monkeypatch):
    monkeypatch.delenv("ERROR_BUCKET")
    with pytest.raises(ConfigurationError, match="environment variable ERROR_BUCKET is missing or empty"):
        app.handler(delivery(event()), None)


def test_no_records_are_no_failure(s3):
    assert app.handler({"Records": []}, None) == {"batchItemFailures": []}
    assert keys(s3, "processed") == []


def test_the_raw_object_carries_its_receipt(s3):
    app.handler(delivery(event(), b"oops"), None)
    (key,), (receipt_key,) = keys(s3, "raw"), keys(s3, "processed")
    carried = s3.head_object(Bucket="raw", Key=key)["Metadata"]["receipt"]
    assert json.loads(carried) == json.loads(stored(s3, "processed", receipt_key))


def test_metrics_count_what_was_stored(s3, capsys):
    app.handler(delivery(event(), b"oops", b"oops"), None)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    by_name = {m["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]: m for m in metrics}
    assert (by_name["RecordsRead"]["RecordsRead"], by_name["RecordsRead"]["LinesAccepted"]) == ([3.0], [1.0])
    assert by_name["RecordsRejected"]["RecordsRejected"] == [2.0]
    assert by_name["RecordsRejected"]["reason"] == "invalid_json"
    assert by_name["RecordsRejected"]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Tributary"


def test_no_value_of_an_event_is_logged(s3, capsys, caplog):
    app.handler(delivery(event(), event(data=SIGN_UP | {"plan": "j@example.com"})), None)
    (line,) = [vars(record) for record in caplog.records if record.filename == "app.py"]
    assert (line["raw_key"], line["invalid_data"]) == (RAW_KEY.replace("101-103", "101-102"), 1)
    assert "j@example.com" not in str(line) + capsys.readouterr().out


def test_a_missing_setting_is_named():
    with pytest.raises(ConfigurationError, match="environment variable ERROR_BUCKET is missing or empty"):
        app.Settings.from_environment({"RAW_BUCKET": "raw", "PROCESSED_BUCKET": "processed"})
