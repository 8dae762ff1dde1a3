import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from contracts.errors import ConfigurationError
from lake.catalog import BATCH_ID, COUNTS
from lake.documents import read_batch_record, read_json, write_batch_record, write_json
from lake.ledger import BatchRecord
from lake.positions import utc_text
from lambdas.reconciliation import app
from lambdas.reconciliation.names import republish_name

LATER = datetime.now(UTC) + timedelta(hours=1)
TODAY = datetime.now(UTC).date().isoformat()
KEY = f"raw/ingest_date={TODAY}/ingest/shard/1-2.ndjson.gz"
DEFINITION = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}})


@pytest.fixture
def machine(lake, monkeypatch):
    """A raw bucket and a state machine whose executions run until they are stopped."""
    client = boto3.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/process-batch"
    arn = client.create_state_machine(name="process-batch", definition=DEFINITION, roleArn=role)["stateMachineArn"]
    lake.s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    lake.s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    settings = {"STAGING_BUCKET": lake.staging, "PROCESSED_BUCKET": lake.processed, "DATABASE": lake.database}
    for name, value in {**settings, "RAW_BUCKET": "raw", "TABLE": "events", "STATE_MACHINE_ARN": arn}.items():
        monkeypatch.setenv(name, value)
    forget()
    yield Machine(client, arn)
    forget()


def forget():
    for remembered in (app.settings, app.s3, app.step_functions):
        remembered.cache_clear()


class Machine:
    """What tests ask of the state machine."""

    def __init__(self, client, arn):
        self.client, self.arn = client, arn

    def inputs(self):
        """Inputs of all executions by name."""
        found = self.client.list_executions(stateMachineArn=self.arn)["executions"]
        described = [self.client.describe_execution(executionArn=e["executionArn"]) for e in found]
        return {d["name"]: json.loads(d["input"]) for d in described}

    def start(self, name):
        return self.client.start_execution(stateMachineArn=self.arn, name=name, input="[]")["executionArn"]


def put_raw(lake, key=KEY):
    version = lake.s3.put_object(Bucket="raw", Key=key, Body=b"lines")["VersionId"]
    return {"bucket": "raw", "key": key, "version": version, "size": 5}


def put_batch(lake, status, *objects, attempt=1):
    held = [{"key": entry["key"], "version": entry["version"]} for entry in objects]
    now = utc_text(datetime.now(UTC))
    record = BatchRecord("b-1", TODAY, status, now, now, attempt, held, raw_lines=1)
    write_batch_record(lake.s3, lake.processed, record)
    return record


def put_documents(lake, record):
    entry = {"bucket": "raw", "key": KEY, "version": "v1", "size": 5, "lines": 1, "types": None}
    manifest = {"batch_id": "b-1", "batch_date": TODAY, "started_at": record.started_at, "attempt": 1}
    rest = {"raw_objects": [entry], "stored_files": [], "snapshot_id": None}
    write_json(lake.s3, lake.staging, "batches/b-1/manifest.json", manifest | rest)
    write_json(lake.s3, lake.staging, "batches/b-1/transform.json", {"redelivered": 0, "repeated": 0, "rejected": 0})


def commit(lake):
    uris = [file["uri"] for file in lake.write("b-1", [lake.row("e-1")])]
    counts = {"rows": 1, "rows_by_type": {"page_view": 1}, "redelivered": 0, "repeated": 0}
    lake.table().add_files(uris, snapshot_properties={BATCH_ID: "b-1", COUNTS: json.dumps(counts)})
    return {**counts, "batch_id": "b-1", "snapshot_id": str(lake.table().current_snapshot().snapshot_id), "files": uris}


def recorded(lake):
    return read_batch_record(lake.s3, lake.processed, "b-1", [TODAY])


def test_an_object_that_was_never_announced_is_started(lake, machine):
    announced = put_raw(lake)
    assert app.reconcile(LATER) == {"StartBatch": 1}
    ((name, given),) = machine.inputs().items()
    assert name.startswith(f"reconcile-{LATER:%Y%m%dT%H%M%S}-")
    assert given == {"objects": [announced], "attempt": 1}


def test_objects_of_a_batch_that_people_keep_back_are_left_alone_also_by_hand(lake, machine):
    put_batch(lake, "quarantined", put_raw(lake))
    assert (app.reconcile(LATER), app.reconcile(LATER, by_hand=True), machine.inputs()) == ({}, {}, {})


def test_a_release_that_failed_is_started_again_as_that_release(lake, machine):
    release = {"batch_id": "b-0", "accepted": ["x"]}
    announced = put_raw(lake)
    failed = replace(put_batch(lake, "failed", announced), release=release)
    write_batch_record(lake.s3, lake.processed, failed)
    assert app.reconcile(LATER) == {"StartBatch": 1}
    (given,) = machine.inputs().values()
    assert given == {"objects": [announced], "attempt": 2, "release": release}


def test_the_current_version_alone_is_looked_at(lake, machine):
    put_raw(lake)
    newer = put_raw(lake)
    app.reconcile(LATER)
    assert [given["objects"] for given in machine.inputs().values()] == [[newer]]


def test_objects_before_the_look_back_are_left_alone(lake, machine):
    for back in (3, 4):
        ingest_date = (LATER.date() - timedelta(days=back)).isoformat()
        put_raw(lake, f"raw/ingest_date={ingest_date}/ingest/shard/1-2.ndjson.gz")
    app.reconcile(LATER)
    (given,) = machine.inputs().values()
    assert [f"ingest_date={LATER.date() - timedelta(days=3)}" in entry["key"] for entry in given["objects"]] == [True]


def test_everything_in_order_is_left_alone(lake, machine):
    put_batch(lake, "published", put_raw(lake))
    assert app.reconcile(LATER) == {}
    assert machine.inputs() == {}


def test_a_batch_that_runs_is_left_alone(lake, machine):
    put_batch(lake, "running", put_raw(lake))
    machine.start("b-1")
    assert app.reconcile(LATER) == {}


def test_a_batch_that_died_is_recorded_and_its_objects_are_started_again(lake, machine):
    announced = put_raw(lake)
    put_batch(lake, "running", announced)
    machine.client.stop_execution(executionArn=machine.start("b-1"))
    assert app.reconcile(LATER) == {"RecordFailed": 1, "StartBatch": 1}
    record = recorded(lake)
    assert (record.status, record.error) == ("failed", "ExecutionEnded")
    assert record.cause == "The execution ended without recording an outcome."
    started = [given for name, given in machine.inputs().items() if name.startswith("reconcile-")]
    assert started == [{"objects": [announced], "attempt": 2}]


def test_a_batch_that_died_after_its_commit_is_closed_by_what_the_table_says(lake, machine):
    put_documents(lake, put_batch(lake, "running", put_raw(lake)))
    document = commit(lake)
    assert app.reconcile(LATER) == {"RecordCommitted": 1, "Republish": 1}
    assert (recorded(lake).status, recorded(lake).rows, recorded(lake).error) == ("committed", 1, "ExecutionEnded")
    assert read_json(lake.s3, lake.staging, "batches/b-1/commit.json") == document
    assert machine.inputs() == {republish_name("b-1", LATER): {"republish": "b-1"}}


def test_a_batch_that_died_after_it_left_its_commit_document_is_closed_by_it(lake, machine):
    put_documents(lake, put_batch(lake, "running", put_raw(lake)))
    counts = {"rows": 0, "rows_by_type": {}, "redelivered": 1, "repeated": 0}
    write_json(lake.s3, lake.staging, "batches/b-1/commit.json", {"batch_id": "b-1", "snapshot_id": None, **counts})
    assert app.reconcile(LATER) == {"RecordCommitted": 1, "Republish": 1}
    assert (recorded(lake).status, recorded(lake).redelivered) == ("committed", 1)


def test_a_failed_batch_whose_rows_are_visible_is_not_run_again(lake, machine):
    put_documents(lake, put_batch(lake, "failed", put_raw(lake)))
    commit(lake)
    assert app.reconcile(LATER) == {"RecordCommitted": 1, "Republish": 1}
    assert recorded(lake).status == "committed"


def test_a_committed_batch_is_published_once(lake, machine):
    put_batch(lake, "committed", put_raw(lake))
    assert app.reconcile(LATER) == {"Republish": 1}
    assert app.reconcile(LATER + timedelta(minutes=5)) == {}


def test_a_record_that_cannot_be_composed_does_not_stop_the_rest(lake, machine, caplog):
    put_batch(lake, "running", put_raw(lake))
    put_raw(lake, f"raw/ingest_date={TODAY}/ingest/shard/3-4.ndjson.gz")
    commit(lake)
    assert app.reconcile(LATER) == {"NotDone": 1, "Republish": 1, "StartBatch": 1}
    (logged,) = [line for line in caplog.records if line.levelname == "ERROR"]
    assert logged.cause.startswith("batch b-1: document manifest, transform missing; expected what every earlier step")


def test_objects_that_failed_too_often_raise_the_alarm_and_are_not_started(lake, machine, capsys, caplog, monkeypatch):
    monkeypatch.setenv("RECONCILE_AFTER_SECONDS", "0")
    put_batch(lake, "failed", put_raw(lake), attempt=3)
    assert app.handler({}, None) == {"GiveUp": 1}
    assert machine.inputs() == {}
    assert [line.keys for line in caplog.records if line.levelname == "ERROR"] == [[KEY]]
    (metrics,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert (metrics["ReconciliationGiveUp"], metrics["ReconciliationStartBatch"]) == ([1.0], [0.0])


def test_a_malformed_setting_is_named(monkeypatch):
    names = ("RAW_BUCKET", "STAGING_BUCKET", "PROCESSED_BUCKET", "DATABASE", "TABLE", "STATE_MACHINE_ARN")
    environment = dict.fromkeys(names, "x")
    assert app.Settings.from_environment(environment).limits.settle == timedelta(minutes=15)
    with pytest.raises(ConfigurationError, match="environment variable MAX_ATTEMPTS is 'few'; expected a whole number"):
        app.Settings.from_environment(environment | {"MAX_ATTEMPTS": "few"})


def test_objects_that_were_given_up_are_started_when_somebody_asks_by_hand(lake, machine, monkeypatch):
    monkeypatch.setenv("RECONCILE_AFTER_SECONDS", "0")
    put_batch(lake, "failed", put_raw(lake), attempt=3)
    assert app.handler({"by_hand": True}, None) == {"StartBatch": 1}
    assert [given["attempt"] for given in machine.inputs().values()] == [4]
