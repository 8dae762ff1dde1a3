from datetime import UTC, datetime

import pytest

from contracts.errors import PipelineError
from lake.catalog import BATCH_ID
from lake.documents import read_batch_record, read_json, write_batch_record
from lake.ledger import BatchRecord
from lake.positions import Position
from lake.raw_lines import RawObject
from lambdas.manifest import app
from lambdas.manifest.plan import latest_by_key, read_batch

RAW = "raw"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def raw(lake, monkeypatch):
    """A raw bucket with versions, and the function's settings."""
    settings = {"STAGING_BUCKET": lake.staging, "PROCESSED_BUCKET": lake.processed}
    for name, value in {**settings, "DATABASE": lake.database, "TABLE": "events"}.items():
        monkeypatch.setenv(name, value)
    app.settings.cache_clear()
    app.s3.cache_clear()
    lake.s3.create_bucket(Bucket=RAW, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    lake.s3.put_bucket_versioning(Bucket=RAW, VersioningConfiguration={"Status": "Enabled"})
    yield lambda key, *times, event_type="refund": put(lake.s3, key, times, event_type)
    app.settings.cache_clear()
    app.s3.cache_clear()


def put(s3, key, times, event_type):
    """A raw object with one event per time; its announcement."""
    raw = RawObject()
    position = Position("ingest", "shard", "1", 0, NOON)
    for time in times:
        raw.add(position, event_type, time, {"id": "e", "type": event_type}, {})
    version = s3.put_object(Bucket=RAW, Key=key, Body=raw.body(), Metadata=raw.metadata())["VersionId"]
    return {"bucket": RAW, "key": key, "version": version, "size": 1}


def invoke(*objects, **changes):
    event = {"batch_id": "b-1", "started_at": "2026-11-22T12:00:00.5Z", "objects": list(objects)}
    return app.handler(event | changes, None)


def record(lake):
    return read_batch_record(lake.s3, lake.processed, "b-1", ["2026-11-22"])


def test_the_manifest_names_objects_lines_and_types(lake, raw):
    first = raw("raw/1", NOON, NOON.replace(hour=13))
    second = raw("raw/2", NOON, event_type="sign_up")
    assert invoke(second, first) == {
        "batch_id": "b-1",
        "manifest_uri": "s3://staging/batches/b-1/manifest.json",
        "raw_objects": 2,
        "raw_lines": 3,
    }
    manifest = read_json(lake.s3, lake.staging, "batches/b-1/manifest.json")
    size = lake.s3.head_object(Bucket=RAW, Key="raw/1")["ContentLength"]
    assert manifest["raw_objects"][0] == {
        "bucket": RAW,
        "key": "raw/1",
        "version": first["version"],
        "size": size,
        "lines": 2,
        "types": {"refund": [2, "2026-11-22T12:00:00.000000Z", "2026-11-22T13:00:00.000000Z"]},
    }
    assert [entry["key"] for entry in manifest["raw_objects"]] == ["raw/1", "raw/2"]
    assert (manifest["started_at"], manifest["attempt"]) == ("2026-11-22T12:00:00.500000Z", 1)
    assert (manifest["stored_files"], manifest["snapshot_id"]) == ([], None)


def test_the_ledger_says_that_the_batch_runs(lake, raw):
    announced = raw("raw/1", NOON)
    invoke(announced, attempt=2)
    found = record(lake)
    assert (found.status, found.attempt, found.raw_lines) == ("running", 2, 1)
    assert found.raw_objects == [{"key": "raw/1", "version": announced["version"]}]


def test_stored_files_that_may_hold_the_same_events_are_named(lake, raw):
    same = lake.write("b-0", [lake.row("e-1", event_type="refund", at=NOON)])
    other = lake.write("b-0", [lake.row("e-2", event_type="sign_up", at=NOON)])
    lake.table().add_files([f["uri"] for f in same + other], snapshot_properties={BATCH_ID: "b-0"})
    invoke(raw("raw/1", NOON))
    manifest = read_json(lake.s3, lake.staging, "batches/b-1/manifest.json")
    assert manifest["stored_files"] == [same[0]["uri"]]
    assert manifest["snapshot_id"] == str(lake.table().current_snapshot().snapshot_id)


def test_an_object_announced_twice_is_read_once():
    older, newer = {"bucket": RAW, "key": "raw/1", "version": "1"}, {"bucket": RAW, "key": "raw/1", "version": "2"}
    assert latest_by_key([older, newer]) == [newer]


def test_the_version_is_the_one_that_will_be_read(lake, raw):
    older, newer = raw("raw/1", NOON), raw("raw/1", NOON, NOON)
    assert invoke(older)["raw_lines"] == 2
    assert record(lake).raw_objects == [{"key": "raw/1", "version": newer["version"]}]


def test_an_object_that_is_gone_is_named_and_the_others_stay_held_by_the_batch(lake, raw):
    announced = raw("raw/1", NOON)
    gone = {"bucket": RAW, "key": "raw/2", "version": "v", "size": 1}
    with pytest.raises(PipelineError, match="s3://raw/raw/2 is not there; expected a raw object"):
        invoke(announced, gone)
    assert [entry["key"] for entry in record(lake).raw_objects] == ["raw/1", "raw/2"]


def test_an_object_that_ingestion_did_not_write_is_named(lake, raw):
    lake.s3.put_object(Bucket=RAW, Key="raw/1", Body=b"")
    with pytest.raises(PipelineError, match="s3://raw/raw/1 has no metadata `summary`"):
        invoke({"bucket": RAW, "key": "raw/1"})


def test_a_batch_whose_rows_are_visible_keeps_its_record(lake, raw):
    committed = BatchRecord("b-1", "2026-11-22", "committed", "2026-11-22T12:00:00Z", "…", 1, [{"key": "k"}], 7, 7)
    write_batch_record(lake.s3, lake.processed, committed)
    assert invoke(raw("raw/1", NOON))["raw_lines"] == 7
    assert record(lake) == committed
    assert lake.keys(lake.staging) == []


RELEASE = {"batch_id": "b-0", "batch_date": "2026-11-20", "accepted": ["refund.amount.more_than_nothing"]}
RELEASE |= {"because": "a gift", "decided_by": "arn:anna", "decided_at": "2026-11-22T11:59:00.000000Z"}


def kept_back(lake, **changes):
    known = ["b-0", "2026-11-20", "quarantined", "2026-11-20T12:00:00Z", "…", 1, [{"key": "raw/1", "version": "v"}], 1]
    write_batch_record(lake.s3, lake.processed, BatchRecord(*known, quarantined=1, **changes))
    return lambda: read_batch_record(lake.s3, lake.processed, "b-0", ["2026-11-20"])


def test_a_release_takes_over_the_objects_and_says_so_in_the_record_of_the_batch_it_releases(lake, raw):
    released = kept_back(lake)
    invoke(raw("raw/1", NOON), release=RELEASE)
    assert (record(lake).status, record(lake).release) == ("running", RELEASE)
    assert read_json(lake.s3, lake.staging, "batches/b-1/manifest.json")["release"] == RELEASE
    assert (released().status, released().quarantined) == ("released", 0)
    assert released().decisions == [
        {
            "decision": "released",
            "decided_at": "2026-11-22T11:59:00.000000Z",
            "decided_by": "arn:anna",
            "because": "a gift",
            "released_as": "b-1",
        }
    ]


def test_a_release_that_is_run_once_more_is_one_decision_with_the_newest_batch(lake, raw):
    rejected = {"decision": "rejected", "decided_at": "2026-11-21T00:00:00.000000Z", "released_as": None}
    released = kept_back(lake, decisions=[rejected])
    announced = raw("raw/1", NOON)
    for batch_id in ("b-1", "b-2"):
        invoke(announced, release=RELEASE, batch_id=batch_id)
    assert [(d["decision"], d["released_as"]) for d in released().decisions] == [
        ("rejected", None),
        ("released", "b-2"),
    ]


def test_a_release_of_a_batch_that_the_ledger_does_not_know_is_refused(lake, raw):
    message = "batch b-1 releases batch b-0, which the ledger does not know on 2026-11-20; expected its record"
    with pytest.raises(PipelineError, match=message):
        invoke(raw("raw/1", NOON), release=RELEASE)


def test_a_batch_without_objects_is_refused():
    with pytest.raises(PipelineError, match="batch b-1: no raw objects; expected at least one"):
        read_batch({"batch_id": "b-1", "started_at": "2026-11-22T12:00:00Z", "objects": []})


@pytest.mark.parametrize("started_at", ["2026-11-22T23:59:59Z", "2026-11-23T00:59:59+01:00", "2026-11-22T23:59:59"])
def test_the_batch_has_the_utc_date_of_its_start(started_at):
    batch = read_batch({"batch_id": "b-1", "started_at": started_at, "objects": [{"bucket": RAW, "key": "k"}]})
    assert (batch.batch_date, batch.attempt) == ("2026-11-22", 1)


def test_a_start_that_is_no_time_is_refused():
    with pytest.raises(PipelineError, match="time is 'noon'; expected ISO 8601"):
        read_batch({"batch_id": "b-1", "started_at": "noon", "objects": [{"bucket": RAW, "key": "k"}]})
