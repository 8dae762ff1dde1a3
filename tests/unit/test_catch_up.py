"""Catching up: the bookmark only names candidates; what no batch holds is announced as S3 announced it."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace

import boto3
import pytest

from contracts.errors import ConfigurationError, PipelineError
from jobs.catch_up import job
from jobs.catch_up.plan import RawVersion, earliest_date, requests, settled, without_held
from lake.documents import write_batch_record
from lake.ledger import BatchRecord, BatchStatus

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD = "raw/ingest_date=2026-10-01/ingest/shard-0/1-9.ndjson.gz"
HELD = "raw/ingest_date=2026-10-01/ingest/shard-0/10-19.ndjson.gz"
FAILED = "raw/ingest_date=2026-10-02/ingest/shard-0/20-29.ndjson.gz"
WORDS = ["--JOB_NAME", "tributary-local-catch-up", "--RAW_BUCKET", "raw", "--PROCESSED_BUCKET", "processed"]
WORDS += [
    "--RAW_OBJECTS_QUEUE",
    "raw-objects",
    "--SETTLE_SECONDS",
    "3600",
    "--job-bookmark-option",
    "job-bookmark-enable",
]


def batch(status, *keys):
    return BatchRecord(
        batch_id=f"b-{status}",
        batch_date="2026-10-02",
        status=status,
        started_at="2026-10-02T00:00:00.000000Z",
        recorded_at="2026-10-02T00:00:00.000000Z",
        attempt=1,
        raw_objects=[{"key": key, "version": "1"} for key in keys],
        raw_lines=1,
    )


class FakeFrame:
    """What `toDF` gives: rows of file names, without columns where there is no file."""

    def __init__(self, uris):
        self.rows = [{"_file": uri} for uri in uris]
        self.columns = ["position", "_file"] if uris else []

    def toDF(self):
        return self

    select = distinct = lambda self, *columns: self

    def collect(self):
        return self.rows + self.rows[:1]


@pytest.fixture
def awsglue(monkeypatch):
    """A Glue whose bookmark names three raw objects, and which remembers what it was asked for."""
    asked = SimpleNamespace(commits=0, options=None, uris=[f"s3://raw/{key}" for key in (OLD, HELD, FAILED)])

    class Job:
        def __init__(self, glue):
            pass

        def init(self, name, options):
            asked.name = name

        def commit(self):
            asked.commits += 1

    def from_options(**options):
        asked.options = options
        return FakeFrame(asked.uris)

    def resolved(argv, names):
        assert argv[1:] == WORDS
        return {"JOB_NAME": argv[argv.index("--JOB_NAME") + 1]}

    context = SimpleNamespace(create_dynamic_frame=SimpleNamespace(from_options=from_options))
    modules = {
        "awsglue": {},
        "awsglue.context": {"GlueContext": lambda spark: context},
        "awsglue.job": {"Job": Job},
        "awsglue.utils": {"getResolvedOptions": resolved},
    }
    for name, members in modules.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(job, "SparkContext", SimpleNamespace(getOrCreate=lambda: None))
    return asked


@pytest.fixture
def queue(aws):
    """Buckets, ledger and queue; the messages of the queue."""
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    for bucket in ("raw", "processed"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in (OLD, HELD, FAILED):
        s3.put_object(Bucket="raw", Key=key, Body=b"line")
    write_batch_record(s3, "processed", batch(BatchStatus.PUBLISHED, HELD))
    write_batch_record(s3, "processed", batch(BatchStatus.FAILED, FAILED))
    url = sqs.create_queue(QueueName="raw-objects")["QueueUrl"]

    def messages():
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return sorted((json.loads(message["Body"])["detail"] for message in found), key=lambda d: d["object"]["key"])

    return messages


def run_at(monkeypatch, time):
    monkeypatch.setattr(job, "datetime", SimpleNamespace(now=lambda zone: time))
    job.main(WORDS)


def test_objects_that_no_batch_holds_are_announced_and_then_the_bookmark_moves_on(awsglue, queue, monkeypatch):
    run_at(monkeypatch, datetime.now(UTC) + timedelta(days=1))
    assert queue() == [
        {"bucket": {"name": "raw"}, "object": {"key": key, "size": 4, "version-id": None}} for key in (OLD, FAILED)
    ]
    assert (awsglue.commits, awsglue.name) == (1, "tributary-local-catch-up")
    assert awsglue.options["connection_options"] == {"paths": ["s3://raw/raw/"], "recurse": True}
    assert awsglue.options["transformation_ctx"] == "raw_objects"


def test_young_objects_are_left_to_those_who_take_them_up_anyway(awsglue, queue, monkeypatch):
    run_at(monkeypatch, datetime.now(UTC) + timedelta(minutes=59))
    assert (queue(), awsglue.commits) == ([], 1)


def test_a_bookmark_that_has_seen_everything_announces_nothing(awsglue, queue, monkeypatch):
    awsglue.uris = []
    run_at(monkeypatch, datetime.now(UTC) + timedelta(days=1))
    assert (queue(), awsglue.commits) == ([], 1)


def test_a_run_that_dies_leaves_the_bookmark_where_it_was(awsglue, queue, monkeypatch):
    monkeypatch.setattr(job, "announce", lambda *_: (_ for _ in ()).throw(RuntimeError("died")))
    with pytest.raises(RuntimeError):
        run_at(monkeypatch, datetime.now(UTC) + timedelta(days=1))
    assert awsglue.commits == 0


def test_a_refused_announcement_is_an_error():
    refuses = SimpleNamespace(
        get_queue_url=lambda QueueName: {"QueueUrl": "url"},
        send_message_batch=lambda QueueUrl, Entries: {"Failed": [{"Id": "0", "Code": "InternalError"}]},
    )
    with pytest.raises(PipelineError, match=r"queue q refused 1 of 1 announcements \(InternalError\); expected all"):
        job.announce(refuses, "q", [RawVersion("raw", OLD, None, 4, NOON)])


def test_without_glue_the_way_out_is_named():
    with pytest.raises(PipelineError, match="module awsglue is not there; expected a Glue job run"):
        job.start_run(WORDS)


def test_missing_arguments_are_named():
    with pytest.raises(ConfigurationError, match="argument --SETTLE_SECONDS missing or empty; expected a value"):
        job.Arguments.parse(WORDS[:8])
    with pytest.raises(
        ConfigurationError, match="argument --SETTLE_SECONDS is 'soon'; expected a whole number above 0"
    ):
        job.Arguments.parse([word if word != "3600" else "soon" for word in WORDS])


@pytest.mark.parametrize(
    ("status", "is_free"),
    [("running", False), ("committed", False), ("published", False), ("quarantined", False), ("failed", True)],
)
def test_only_objects_of_failed_batches_are_free(status, is_free):
    assert without_held([OLD, OLD], [batch(status, OLD)]) == ([OLD] if is_free else [])


def test_an_object_that_was_released_is_left_to_the_batch_that_runs_it():
    assert without_held([OLD], [batch("released", OLD), batch("running", OLD)]) == []


def test_no_batch_before_the_first_arrival_is_read():
    assert earliest_date([FAILED, OLD]) == "2026-10-01"


def test_an_object_is_settled_at_its_age_and_not_a_moment_before():
    at_age = RawVersion("raw", OLD, None, 4, NOON - timedelta(hours=1))
    younger = RawVersion("raw", HELD, None, 4, NOON - timedelta(hours=1) + timedelta(microseconds=1))
    assert settled([at_age, younger], NOON, timedelta(hours=1)) == [at_age]


def test_a_request_holds_ten_announcements_at_most_with_ids_of_its_own():
    found = list(requests([RawVersion("raw", str(n), None, 4, NOON) for n in range(21)]))
    assert [len(entries) for entries in found] == [10, 10, 1]
    assert [entry["Id"] for entry in found[1]] == [str(n) for n in range(10)]


def test_an_announcement_has_what_the_pipe_reads():
    template = (Path(__file__).parents[2] / "infra/cloudformation/processing.yaml").read_text()
    paths = re.findall(r"<\$\.body\.([a-z.-]+)>", template)
    message = json.loads(RawVersion("raw", OLD, "v1", 4, NOON).as_announcement())
    found = {}
    for path in paths:
        found[path] = message
        for step in path.split("."):
            found[path] = found[path][step]
    assert list(found.values()) == ["raw", OLD, "v1", 4]
