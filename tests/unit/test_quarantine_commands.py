"""`etl quarantine`: what it shows, what it starts, and what it leaves in the ledger."""

import json
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from cli import connection
from cli.main import app
from cli.quarantine import decide
from cli.quarantine.release import release_name
from lake.documents import read_batch_record, write_batch_record, write_json
from lake.ledger import BatchRecord

RUNS = '{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": true}}}'
KEPT = BatchRecord(
    batch_id="b-1-0123456789abcdef",
    batch_date="2026-11-22",
    status="quarantined",
    started_at="2026-11-22T12:00:00.000000Z",
    recorded_at="2026-11-22T12:01:00.000000Z",
    attempt=1,
    raw_objects=[{"key": "raw/1", "version": "v1"}],
    raw_lines=3,
    quarantined=3,
    cause="1 of 46 expectations failed",
    failed_expectations=["refund.amount.more_than_nothing", "refund.currency.is_code"],
    quarantine_uri="s3://error/quarantine/quarantine_date=2026-11-22/b-1.json",
)
FAILED = {
    "expectation_id": "refund.amount.more_than_nothing",
    "found": "1 of 2 values break it",
    "description": "A refund is more than nothing.",
    "samples": [{"source": "/shop", "event_id": "e-1", "refund.amount": 0.0}],
}
DOCUMENT = {
    "report_uri": "s3://reports/b-1.html",
    "failed": [FAILED],
    "warnings": [{"expectation_id": "customer.known", "found": "2 of 2 values break it"}],
    "counts": [{"event_type": "refund", "event_date": "2026-11-22", "rows": 2}],
}


@pytest.fixture
def stage(monkeypatch):
    """A stage with one batch in quarantine, and a state machine whose executions run until they are stopped."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        session = boto3.Session(region_name="eu-west-1")
        opened = connection.Stage("local", "tributary", session)
        monkeypatch.setattr(connection, "open_stage", lambda name: opened)
        zones = {"raw", "error", "processed"}
        names = {f"{zone}-bucket-name": zone for zone in zones} | {"state-machine-arn": machine(session)}
        for name, value in names.items():
            session.client("ssm").put_parameter(Name=f"/tributary/local/{name}", Value=value, Type="String")
        for zone in zones:
            opened.s3.create_bucket(Bucket=zone, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        opened.s3.put_object(Bucket="raw", Key="raw/1", Body=b"lines")
        write_batch_record(opened.s3, "processed", KEPT)
        write_json(opened.s3, "error", "quarantine/quarantine_date=2026-11-22/b-1.json", DOCUMENT)
        yield opened


def machine(session):
    role = "arn:aws:iam::123456789012:role/process-batch"
    created = session.client("stepfunctions").create_state_machine(name="m", definition=RUNS, roleArn=role)
    return created["stateMachineArn"]


def etl(*arguments, expected=0):
    result = CliRunner().invoke(app, ["quarantine", *arguments])
    told = str(result.exception) if result.exception and not isinstance(result.exception, SystemExit) else result.output
    assert bool(result.exit_code) == bool(expected), told
    return " ".join(told.split())


def record(stage, batch_id=KEPT.batch_id):
    return read_batch_record(stage.s3, "processed", batch_id, ["2026-11-22"])


def inputs(stage):
    client = stage.client("stepfunctions")
    found = client.list_executions(stateMachineArn=stage.handed_over("state-machine-arn"))["executions"]
    return {e["name"]: json.loads(client.describe_execution(executionArn=e["executionArn"])["input"]) for e in found}


def stop(stage, name):
    client = stage.client("stepfunctions")
    found = client.list_executions(stateMachineArn=stage.handed_over("state-machine-arn"))["executions"]
    client.stop_execution(executionArn=next(e["executionArn"] for e in found if e["name"] == name))


def test_batches_that_wait_are_listed_with_what_failed(stage):
    told = etl("list")
    assert "b-1-0123456789abcdef quarantined" in told
    assert "refund.amount.more_than_nothing, refund.currency.is_code" in told
    write_batch_record(stage.s3, "processed", replace(KEPT, status="released", decisions=[{"decision": "released"}]))
    assert etl("list") == "Nothing is in quarantine."
    assert [row["status"] for row in json.loads(etl("list", "--all", "--json"))] == ["released"]


def test_a_batch_shows_why_it_is_kept_back_and_what_can_be_done(stage):
    told = etl("show", "b-1")
    for text in (
        "failed refund.amount.more_than_nothing: 1 of 2 values break it",
        "/shop e-1 0.0",
        "warned customer.known",
        "refund 2026-11-22 2",
        "etl quarantine release b-1-0123456789abcdef --reason '…' --mended",
    ):
        assert text in told
    assert json.loads(etl("show", "b-1", "--json"))["document"] == DOCUMENT


def test_a_batch_whose_document_has_expired_shows_what_the_ledger_knows(stage):
    stage.s3.delete_object(Bucket="error", Key="quarantine/quarantine_date=2026-11-22/b-1.json")
    assert "Its document has expired. The ledger says: 1 of 46 expectations failed" in etl("show", "b-1")


def test_a_release_runs_the_raw_objects_once_and_accepts_what_was_seen_to_fail(stage):
    told = json.loads(etl("release", "b-1", "--reason", "a gift", "--json"))
    assert told["released_as"] == release_name(KEPT.batch_id)
    given = inputs(stage)[told["released_as"]]
    assert given["objects"] == [{"bucket": "raw", "key": "raw/1", "version": "v1"}]
    release = given["release"]
    assert (release["batch_id"], release["batch_date"], release["because"]) == (KEPT.batch_id, "2026-11-22", "a gift")
    assert release["accepted"] == told["accepted"] == KEPT.failed_expectations
    assert release["decided_by"].startswith("arn:aws:")


@pytest.mark.parametrize(
    ("options", "accepted"),
    [(["--mended"], []), (["--accept", "refund.currency.is_code"], ["refund.currency.is_code"])],
)
def test_a_release_may_accept_less_than_what_failed(stage, options, accepted):
    assert json.loads(etl("release", "b-1", "--reason", "x", *options, "--json"))["accepted"] == accepted


def test_of_two_releases_at_once_one_is_started(stage):
    etl("release", "b-1", "--reason", "a gift")
    told = etl("release", "b-1", "--reason", "a present", expected=1)
    assert f"batch {KEPT.batch_id} is being released already, as batch {release_name(KEPT.batch_id)}" in told
    assert [given["release"]["because"] for given in inputs(stage).values()] == ["a gift"]


def test_a_release_that_ended_before_it_took_the_objects_over_can_be_repeated(stage):
    etl("release", "b-1", "--reason", "a gift")
    stop(stage, release_name(KEPT.batch_id))
    etl("release", "b-1", "--reason", "a gift")
    assert set(inputs(stage)) == {release_name(KEPT.batch_id), release_name(KEPT.batch_id, 2)}


def test_raw_objects_that_are_gone_are_told_with_what_to_do(stage):
    stage.s3.delete_object(Bucket="raw", Key="raw/1")
    told = etl("release", "b-1", "--reason", "a gift", expected=1)
    assert "1 of 1 raw objects are gone, the first s3://raw/raw/1; expected all of them. Restore" in told
    assert f"`etl quarantine reject {KEPT.batch_id}`" in told
    assert inputs(stage) == {}


def test_a_batch_that_is_rejected_stays_counted_and_can_still_be_released(stage):
    assert "its 3 lines stay out of the table" in etl("reject", "b-1", "--reason", "a load test")
    rejected = record(stage)
    assert (rejected.status, rejected.quarantined) == ("quarantine_rejected", 3)
    ((decision, because),) = [(d["decision"], d["because"]) for d in rejected.decisions]
    assert (decision, because) == ("rejected", "a load test")
    told = etl("reject", "b-1", "--reason", "again", expected=1)
    assert "is quarantine_rejected; expected one that waits in quarantine" in told
    etl("release", "b-1", "--reason", "it was none")
    assert len(inputs(stage)) == 1


def test_a_batch_that_is_being_released_is_not_rejected(stage):
    etl("release", "b-1", "--reason", "a gift")
    told = etl("reject", "b-1", "--reason", "no", expected=1)
    assert f"is being released as {release_name(KEPT.batch_id)}; expected one that waits" in told
    assert record(stage) == KEPT


@pytest.mark.parametrize("moment", ["running_release", "to_document"])
def test_somebody_who_decides_at_the_same_moment_is_not_overwritten(stage, monkeypatch, moment):
    def released_meanwhile(*_):
        write_batch_record(stage.s3, "processed", replace(KEPT, status="released"))

    monkeypatch.setattr(decide, moment, released_meanwhile)
    told = etl("reject", "b-1", "--reason", "no", expected=1)
    assert f"somebody else decided on batch {KEPT.batch_id} at this moment" in told
    assert record(stage).status == "released"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "published", "quarantine_uri": None}, "is published; expected one in quarantine"),
        ({"status": "failed"}, "is failed; expected one in quarantine"),
        (
            {"status": "released", "decisions": [{"decision": "released", "released_as": "b-9"}]},
            "is released; expected one in quarantine. It runs as b-9, or did: `etl quarantine show b-9`",
        ),
    ],
)
def test_what_is_not_in_quarantine_is_not_released(stage, changes, says):
    write_batch_record(stage.s3, "processed", replace(KEPT, **changes))
    assert says in etl("release", "b-1", "--reason", "x", expected=1)


def test_a_release_that_failed_on_its_way_can_be_released_with_what_it_accepted(stage):
    failed = replace(KEPT, status="failed", failed_expectations=[], release={"batch_id": "b-0", "accepted": ["x"]})
    write_batch_record(stage.s3, "processed", failed)
    assert json.loads(etl("release", "b-1", "--reason", "again", "--json"))["accepted"] == ["x"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "b-9"], "the ledger has no batch 'b-9'; expected the id of one"),
        (["release", "b-1", "--reason", " "], "--reason is empty; expected why"),
        (["reject", "b-1", "--reason", ""], "--reason is empty; expected why"),
        (["release", "b-1", "--reason", "x", "--accept", "x", "--mended"], "--accept and --mended are both there"),
        (["release", "b-1", "--reason", "x", "--accept", "no.such"], "--accept no.such did not fail in batch b-1"),
    ],
)
def test_what_makes_no_sense_is_refused(stage, arguments, says):
    assert says in etl(*arguments, expected=1)
    assert inputs(stage) == {}


def test_an_id_that_several_batches_begin_with_is_refused(stage):
    write_batch_record(stage.s3, "processed", replace(KEPT, batch_id="b-1-ff"))
    assert "2 batches begin with 'b-1' (b-1-0123456789abcdef, b-1-ff); expected one" in etl("show", "b-1", expected=1)


def test_a_batch_that_was_never_kept_back_is_not_shown(stage):
    write_batch_record(stage.s3, "processed", replace(KEPT, status="published", quarantine_uri=None))
    assert "is published and was never in quarantine" in etl("show", "b-1", expected=1)
