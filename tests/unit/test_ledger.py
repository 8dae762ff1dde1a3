from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from contracts.contract import load_contracts
from contracts.errors import PipelineError
from lake.documents import read_batch_record, write_batch_record, write_json
from lake.ledger import BatchRecord
from lambdas.ledger import app
from lambdas.ledger.outcome import dates_to_look_at, read_outcome

STAGING, PROCESSED = "staging", "processed"
CLAIM = BatchRecord(
    batch_id="b-1",
    batch_date="2026-11-22",
    status="running",
    started_at="2026-11-22T23:59:00.000000Z",
    recorded_at="2026-11-22T23:59:01.000000Z",
    attempt=2,
    raw_objects=[{"key": "raw/1", "version": "v1"}],
    raw_lines=0,
)


@pytest.fixture
def s3(monkeypatch):
    """Buckets in moto, in this process."""
    settings = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1"}
    for name, value in {**settings, "STAGING_BUCKET": STAGING, "PROCESSED_BUCKET": PROCESSED}.items():
        monkeypatch.setenv(name, value)
    app.settings.cache_clear()
    app.s3.cache_clear()
    with mock_aws():
        client = boto3.client("s3")
        for bucket in (STAGING, PROCESSED):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client
    app.settings.cache_clear()
    app.s3.cache_clear()


def leave(s3, **documents):
    for name, document in documents.items():
        write_json(s3, STAGING, f"batches/b-1/{name}.json", document)


def manifest():
    entry = {"bucket": "raw", "key": "raw/1", "version": "v1", "size": 9, "lines": 2, "types": None}
    return {
        "batch_id": "b-1",
        "batch_date": "2026-11-22",
        "started_at": CLAIM.started_at,
        "attempt": 2,
        "raw_objects": [entry],
        "stored_files": [],
        "snapshot_id": None,
    }


def test_a_committed_batch_is_recorded_with_the_contracts_it_was_made_by(s3):
    write_batch_record(s3, PROCESSED, CLAIM)
    leave(
        s3,
        manifest=manifest(),
        transform={"redelivered": 0, "repeated": 0, "rejected": 0, "rejects_by_reason": {}},
        commit={"snapshot_id": "7", "rows": 2, "rows_by_type": {"refund": 2}, "redelivered": 0, "repeated": 0},
    )
    answer = app.handler({"batch_id": "b-1", "status": "committed"}, None)
    assert answer == {"batch_id": "b-1", "status": "committed", "rows": 2, "published": 0}
    record = read_batch_record(s3, PROCESSED, "b-1", ["2026-11-22"])
    assert record.contract_versions == {name: str(c.version) for name, c in load_contracts().items()}
    assert record.recorded_at > CLAIM.recorded_at[:4]


def test_a_failure_before_the_manifest_finds_the_claim_of_the_day_before(s3):
    write_batch_record(s3, PROCESSED, CLAIM)
    event = {"batch_id": "b-1", "status": "failed", "error": "Lambda.Unknown", "cause": "Killed"}
    app.record_outcome(event, "2026-11-23T00:01:00.000000Z")
    record = read_batch_record(s3, PROCESSED, "b-1", ["2026-11-22"])
    assert (record.status, record.error, record.attempt) == ("failed", "Lambda.Unknown", 2)
    assert record.raw_objects == CLAIM.raw_objects
    assert read_batch_record(s3, PROCESSED, "b-1", ["2026-11-23"]) is None


def test_a_failure_nobody_knew_of_is_recorded_on_the_date_of_its_start(s3):
    event = {"batch_id": "b-1", "status": "failed", "started_at": "2026-11-22T23:59:00Z"}
    app.record_outcome(event, "2026-11-23T00:01:00.000000Z")
    record = read_batch_record(s3, PROCESSED, "b-1", ["2026-11-22"])
    assert (record.status, record.started_at) == ("failed", "2026-11-22T23:59:00.000000Z")


def test_lines_that_do_not_add_up_are_not_recorded(s3):
    write_batch_record(s3, PROCESSED, CLAIM)
    leave(s3, manifest=manifest(), transform={}, commit={"rows": 1})
    with pytest.raises(PipelineError, match="2 raw lines, but 1 rows"):
        app.handler({"batch_id": "b-1", "status": "committed"}, None)
    assert read_batch_record(s3, PROCESSED, "b-1", ["2026-11-22"]) == CLAIM


def test_a_status_that_no_batch_ends_with_is_refused():
    with pytest.raises(PipelineError, match="batch b-1: status is 'done'; expected one of"):
        read_outcome({"batch_id": "b-1", "status": "done"}, "2026-11-22T12:00:00.000000Z")


def test_the_manifest_says_where_the_record_lies():
    outcome = read_outcome({"batch_id": "b-1", "status": "failed"}, "2026-12-01T00:00:00.000000Z")
    assert dates_to_look_at(outcome, {"batch_date": "2026-11-22"}) == ["2026-11-22"]
    assert dates_to_look_at(outcome, None) == ["2026-12-01", "2026-11-30"]


def test_a_batch_that_is_published_long_after_its_documents_have_expired_is_found_in_the_ledger(s3):
    write_batch_record(s3, PROCESSED, replace(CLAIM, status="committed", rows=2))
    leave(s3, publish={"published": 2, "switched_off": 0, "publish_failures": 0, "deleted_unsent": 0})
    assert app.handler({"batch_id": "b-1", "status": "published"}, None)["published"] == 2
    assert read_batch_record(s3, PROCESSED, "b-1", ["2026-11-22"]).status == "published"


def test_a_batch_that_is_kept_back_is_recorded_and_counted_for_the_alarm(s3, capsys):
    write_batch_record(s3, PROCESSED, CLAIM)
    failed = {"failed": [{"expectation_id": "x"}], "report_uri": "s3://reports/r", "quarantine_uri": "s3://error/q"}
    leave(s3, manifest=manifest(), validation=failed)
    event = {"batch_id": "b-1", "status": "quarantined", "error": "Quarantined", "cause": "why"}
    assert app.handler(event, None)["status"] == "quarantined"
    record = read_batch_record(s3, PROCESSED, "b-1", ["2026-11-22"])
    assert (record.quarantined, record.failed_expectations, record.cause) == (2, ["x"], "why")
    assert '"BatchesQuarantined":[1.0]' in capsys.readouterr().out
