"""`etl rejects`, `etl replay` and `etl discard`: what they print, and what they leave in the stream and the ledger."""

import json
import re
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from cli import connection
from cli.deployment.artifacts import image_tag
from cli.main import app
from cli.rejects.summary import in_words, printable
from lake.rejects import Reason

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
SOUND = {
    "specversion": "1.0", "id": "e-1", "source": "/shop", "type": "sign_up", "time": "2026-11-22T11:00:00Z",
    "data": {
        "user_id": "u-1", "name": "Jörg", "email": "j@example.com", "country": "IE", "plan": "pro",
        "has_marketing_consent": True,
    },
}  # fmt: skip
TEMPLATE = {"Parameters": {"LambdaImageUri": {"Type": "String"}}, "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}


@pytest.fixture
def stage(error_zone, monkeypatch):
    """A stage as the commands find it; what they send stays in the stream."""
    session = boto3.Session(region_name="eu-west-1")
    monkeypatch.setattr(connection, "open_stage", lambda name: connection.Stage(name, "tributary", session))
    names = {"error-bucket-name": "error", "processed-bucket-name": "processed", "ingest-stream-name": "ingest"}
    for name, value in names.items():
        session.client("ssm").put_parameter(Name=f"/tributary/local/{name}", Value=value, Type="String")
    session.client("kinesis").create_stream(StreamName="ingest", ShardCount=1)
    deploy(session, image_tag(connection.ROOT, "lambdas"))
    return session


def deploy(session, tag):
    session.client("cloudformation").create_stack(
        StackName="tributary-local-ingestion",
        TemplateBody=json.dumps(TEMPLATE),
        Parameters=[{"ParameterKey": "LambdaImageUri", "ParameterValue": f"registry/lambdas:{tag}"}],
    )


def etl(*arguments, expected=0):
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == expected, done.output
    return done.stdout


def document(*arguments):
    return json.loads(etl(*arguments, "--json"))


def in_stream(session):
    kinesis = session.client("kinesis")
    (shard,) = kinesis.list_shards(StreamName="ingest")["Shards"]
    place = kinesis.get_shard_iterator(StreamName="ingest", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    return [record["Data"] for record in kinesis.get_records(ShardIterator=place)["Records"]]


def store(zone, original, number=1, reason=Reason.INVALID_DATA, **known):
    reject = zone.reject(number, original, reason, **known)
    zone.put(reject, name=str(number))
    return reject.reject_id


def fix_of(tmp_path, text):
    path = tmp_path / "mend.py"
    path.write_text(text)
    return str(path)


def test_rejects_are_counted_by_stage_reason_type_and_day(error_zone, stage):
    store(error_zone, b"{", event_type="sign_up")
    store(error_zone, b"[", 2, Reason.INVALID_JSON)
    told = etl("rejects")
    assert re.search(r"ingestion +invalid_data +sign_up +2026-11-22 +1", told)
    assert "2 open rejects" in told
    assert document("rejects", "--reason", "invalid_json")["counts"] == [
        {
            "stage": "ingestion", "reason": "invalid_json", "event_type": None, "reject_date": "2026-11-22",
            "fate": "open", "rejects": 1,
        }
    ]  # fmt: skip


def test_that_there_are_none_is_said(stage):
    assert etl("rejects").startswith("There are no open rejects of this selection. `etl rejects --fate all` counts")
    assert etl("rejects", "--fate", "all") == "There are no rejects of this selection.\n"
    assert etl("replay").startswith("There are no open rejects of this selection.")
    assert document("replay", "--send", "--wait")["sent"] == 0
    assert "Nothing to discard." in etl("discard", "--because", "x")


def test_a_sample_shows_the_original_only_where_it_is_asked_for(error_zone, stage):
    reject_id = store(error_zone, b"jane\x1b[2J\xff@example.com")
    for told in (etl("rejects", "--samples", "1"), etl("rejects", "--id", reject_id), etl("replay")):
        assert reject_id in told
        assert "found" in told
        assert "21 bytes" in told
        assert "jane" not in told
    assert r"jane\x1b[2J\xff@example.com" in etl("rejects", "--show-original")
    assert "original" not in document("rejects", "--samples", "1")["samples"][0]


def test_samples_are_so_many_of_each_reason(error_zone, stage):
    for number, reason in enumerate([Reason.INVALID_DATA] * 3 + [Reason.INVALID_JSON] * 3):
        store(error_zone, b"{", number, reason)
    samples = document("rejects", "--samples", "2")["samples"]
    assert [sample["reason"] for sample in samples] == ["invalid_data"] * 2 + ["invalid_json"] * 2


def test_a_dry_run_leaves_everything_as_it_is(error_zone, stage):
    store(error_zone, json.dumps(SOUND).encode())
    store(error_zone, b"{", 2)
    told = etl("replay")
    assert "2 open rejects: 1 would be accepted, 1 would be refused again." in told
    assert "now       invalid_json" in told
    assert "Stage local was deployed from the same." in told
    assert "Nothing was sent. `--send` sends 1. `--all` sends the 1 that would be refused again too." in told
    assert (in_stream(stage), error_zone.fates()) == ([], [])


def test_a_stage_that_was_deployed_from_other_sources_is_told(error_zone, stage):
    stage.client("cloudformation").delete_stack(StackName="tributary-local-ingestion")
    deploy(stage, "another")
    store(error_zone, b"{")
    assert "if contracts differ, run `etl deploy --stage local` before --send." in etl("replay")


def test_sending_records_fates_in_the_name_of_the_caller(error_zone, stage):
    store(error_zone, json.dumps(SOUND).encode())
    assert "1 records sent. Rejects: 1 replayed, 0 still open." in etl("replay", "--send", "--because", "it is there")
    assert in_stream(stage) == [json.dumps(SOUND).encode()]
    ((_, fate, sequence),) = error_zone.fates()
    assert (fate, sequence.isdigit()) == ("replayed", True)
    assert document("rejects", "--fate", "replayed")["rejects"] == 1
    assert document("replay", "--send")["open"] == 0


def test_what_sending_came_to_is_one_document(error_zone, stage, tmp_path):
    store(error_zone, json.dumps(SOUND).encode())
    fixed = document("replay", "--fix", fix_of(tmp_path, "def fix(event, reject): return event + b' '"), "--send")
    assert (fixed["sent"], fixed["fates"], fixed["still_open"]) == (1, {"replayed": 0, "fixed": 1, "discarded": 0}, 0)
    assert fixed["verdicts"]["accepted"] == fixed["changed_by_fix"] == 1


def test_discarding_needs_a_reason_and_a_yes(error_zone, stage):
    reject_id = store(error_zone, b"{")
    etl("discard", expected=2)
    assert "--because is empty" in str(CliRunner().invoke(app, ["discard", "--because", " "]).exception)
    assert "Nothing was discarded. `--yes` discards 1." in etl("discard", "--because", "a load test")
    assert error_zone.fates() == []
    assert "1 discarded." in etl("discard", "--because", "a load test", "--yes")
    assert error_zone.fates() == [(reject_id, "discarded", None)]
    assert document("discard", "--because", "again", "--yes")["discarded"] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["replay", "--wait"], "--wait waits for what --send sends"),
        (["rejects", "--fate", "lost"], "--fate is 'lost'; expected one of open, replayed, fixed, discarded or all"),
        (["replay", "--reason", "bad"], "--reason is 'bad'"),
    ],
)
def test_options_that_make_no_sense_are_refused(stage, arguments, says):
    assert says in str(CliRunner().invoke(app, arguments).exception)


def examples():
    return re.findall(r"```python\n(.*?)```", RUNBOOK.read_text(), re.DOTALL)


def test_the_fixes_of_the_runbook_mend_what_they_say(error_zone, stage, tmp_path):
    rename, decode = examples()
    data = {("mail" if name == "email" else name): value for name, value in SOUND["data"].items()}
    store(error_zone, json.dumps(SOUND | {"data": data}).encode())
    store(error_zone, json.dumps(SOUND, ensure_ascii=False).encode("latin-1"), 2, Reason.INVALID_UTF8)
    for reason, text in (("invalid_data", rename), ("invalid_utf8", decode)):
        document("replay", "--reason", reason, "--fix", fix_of(tmp_path, text), "--send")
    assert [json.loads(record) for record in in_stream(stage)] == [SOUND, SOUND]


def test_what_cannot_be_printed_is_escaped_and_ages_are_told_in_two_units():
    assert printable("Größe\n\x07".encode() + b"\xff") == r"Größe\n\x07\xff"
    assert [in_words(seconds) for seconds in (0, 59, 61, 93784)] == ["0 s", "59 s", "1 min 1 s", "1 d 2 h"]
