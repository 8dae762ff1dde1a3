"""Good, bad, batched and aggregated records over three shards, and a storage that is gone for a while."""

import json
import time

import boto3
import orjson
import pytest

from tests.unit.ingestion_events import EVENT, REFUND
from tests.unit.test_ingestion_unpack import aggregate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
NOW = "2026-11-22T11:59:00Z"


def event(event_id, **data):
    return orjson.dumps(EVENT | {"id": event_id, "time": NOW, "data": REFUND | data})


LINES = [
    *(event(f"line-{number}") for number in range(40)),
    event("line-7"),  # again
    b"oops",
    b'{"a": "\xff"}',
    event("bad-1", amount=1.005),
    orjson.dumps(EVENT | {"id": "bad-2", "type": "login"}),
    orjson.dumps(EVENT | {"id": "bad-3", "dataschema": "urn:tributary:contract:refund:9-0-0"}),
    orjson.dumps(EVENT | {"id": "bad-4", "time": "1999-01-01T00:00:00Z"}),
    orjson.dumps(EVENT | {"id": "bad 5", "source": "no uri"}),
]
REJECTS = {
    "invalid_data": 1,
    "invalid_envelope": 1,
    "invalid_json": 1,
    "invalid_utf8": 1,
    "time_out_of_range": 1,
    "unknown_contract_version": 1,
    "unknown_event_type": 1,
}
RECORDS = {
    "kpl": aggregate(*(event(f"kpl-{number}") for number in range(5)), event("line-3"), b"oops"),
    "batch": b"[" + b",".join([event("batch-1"), event("batch-2"), b"7"]) + b"]",
    "broken": aggregate(event("lost-1"), event("lost-2"))[:-1],
    "empty": b"[]",
}


def ask(etl, *arguments):
    return json.loads(etl(*arguments, "--json"))


def count(etl, condition="true"):
    return ask(etl, "query", f"SELECT count(*) AS n FROM events WHERE {condition}")[0]["n"]


def wait_for(etl, is_there):
    """The status once it is so."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        status = ask(etl, "status")
        if is_there(status):
            return status
        time.sleep(0.5)
    raise AssertionError(status)


@pytest.fixture(scope="module")
def sent(etl, tmp_path_factory):
    """Outcomes of sending the lines and the records."""
    folder = tmp_path_factory.mktemp("sent")
    (folder / "lines.ndjson").write_bytes(b"\n".join(LINES))
    for name, content in RECORDS.items():
        (folder / name).write_bytes(content)
    lines = ask(etl, "send", str(folder / "lines.ndjson"), "--wait")
    options = [option for name in RECORDS for option in ("--record", str(folder / name))]
    return lines, ask(etl, "send", *options, "--wait")


def test_every_line_is_a_row_a_duplicate_or_a_reject(sent):
    lines, _ = sent
    assert (lines["rows"], lines["duplicates"], lines["rejects_by_reason"]) == (40, 1, REJECTS)
    assert lines["unaccounted"] == 0


def test_a_record_may_carry_several_events(etl, sent):
    _, records = sent
    # kpl 7 events, batch 3, broken 1, empty none
    assert (records["sent"], records["more_in_records"]) == (4, 7)
    assert (records["rows"], records["duplicates"], records["unaccounted"]) == (7, 1, 0)
    assert records["rejects_by_reason"] == {"invalid_envelope": 1, "invalid_json": 1, "invalid_utf8": 1}
    assert count(etl, "event_id LIKE 'kpl-%' OR event_id LIKE 'batch-%'") == 7


def test_three_shards_balance_in_the_ledger(etl, sent):
    shards = ask(etl, "query", "SELECT DISTINCT shard FROM ingestions")
    assert len(shards) == 3
    status = ask(etl, "status", "--check")
    assert (status["is_balanced"], status["lag"]["pending_lines"]) == (True, 0)
    assert status["ingestion"]["records"] == len(LINES) + len(RECORDS)
    assert status["ingestion"]["events"] == len(LINES) + 11
    assert status["batches"]["rows"] == count(etl) == 47


def set_raw_bucket(etl, name):
    """Where ingestion believes the raw zone to be; what it believed before."""
    variables = ask(etl, "env")
    keys = {"aws_access_key_id": variables["AWS_ACCESS_KEY_ID"]}
    keys["aws_secret_access_key"] = variables["AWS_SECRET_ACCESS_KEY"]
    session = boto3.Session(**keys, region_name=variables["AWS_REGION"])
    client, function = session.client("lambda", endpoint_url=variables["AWS_ENDPOINT_URL"]), "tributary-local-ingestion"
    settings = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=function, Environment={"Variables": settings | {"RAW_BUCKET": name}}
    )
    return settings["RAW_BUCKET"]


def test_what_could_not_be_stored_is_a_reject_and_a_row_once_it_is_replayed(etl, sent, tmp_path):
    before = ask(etl, "status")["ingestion"]
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"\n".join(event(f"late-{number}") for number in range(3)))
    bucket = set_raw_bucket(etl, "no-such-bucket")
    etl("send", str(events))
    status = wait_for(etl, lambda found: found["rejects_by_reason"].get("undelivered") == 3)
    assert status["ingestion"]["events"] == before["events"] + 3
    assert (status["is_balanced"], status["lag"]["pending_lines"]) == (True, 0)

    set_raw_bucket(etl, bucket)
    replayed = ask(etl, "replay", "--reason", "undelivered", "--send", "--wait")
    assert (replayed["outcome"]["rows"], replayed["still_open"]) == (3, 0)
    assert count(etl, "event_id LIKE 'late-%'") == 3
    assert ask(etl, "status", "--check")["is_balanced"]
