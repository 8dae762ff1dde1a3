"""The steps of a batch in one process: the real handlers, job and task, which can be killed at any call they make."""

import json
import threading
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

import boto3
import botocore.client
import pytest
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO

from contracts.errors import PipelineError
from enrichment import main as enrichment
from jobs.process_events import job
from lake import documents, layout
from lake.positions import Position, utc_text
from lake.raw_lines import RawObject
from lambdas.commit import app as commit
from lambdas.ledger import app as ledger
from lambdas.manifest import app as manifest
from lambdas.publisher import app as publisher
from lambdas.reconciliation import app as reconciliation
from lambdas.validation import app as validation
from tests.unit.enrichment_batch import SETTINGS, put_sources

KEPT_BACK = object()
NOW = datetime.now(UTC)
STARTED = utc_text(NOW)
STREAM = "downstream"
BUCKETS = {"RAW": "raw", "STAGING": "staging", "PROCESSED": "processed", "REPORTS": "reports", "ERROR": "error"}


WRITES = {"PutObject", "DeleteObject", "UpdateTable", "PutRecords", "CreateMultipartUpload", "CompleteMultipartUpload"}


class Killed(BaseException):
    """The process is gone: nothing in it may catch this."""


class Killer:
    """Lets the process die before its n-th write to S3, Glue or Kinesis; a dead process makes no call at all.

    A death before a read leaves what a death before the next write leaves, so these are all the ways to die.
    """

    def __init__(self):
        self.writes, self.at, self._lock = 0, None, threading.Lock()

    def arm(self, at=None):
        self.writes, self.at = 0, at

    def disarm(self):
        self.at = None

    @property
    def is_dead(self):
        return self.at is not None and self.writes >= self.at

    def before(self, method, is_write):
        def call(*arguments, **named):
            # The AWS of this test has clients of its own, which are not part of what is killed.
            if "process_request" not in threading.current_thread().name:
                with self._lock:
                    self.writes += is_write(*arguments)
                    if self.is_dead:
                        raise Killed
            return method(*arguments, **named)

        return call


@pytest.fixture
def killer(monkeypatch):
    """Hooks of every way that the steps have to the outside, but for Spark's own."""
    killer = Killer()
    for owner, name, is_write in [
        (botocore.client.BaseClient, "_make_api_call", lambda client, operation, *rest: operation in WRITES),
        (PyArrowFile, "open", lambda *_: False),
        (PyArrowFile, "create", lambda *_: True),
        (PyArrowFileIO, "delete", lambda *_: True),
    ]:
        monkeypatch.setattr(owner, name, killer.before(getattr(owner, name), is_write))
    return killer


@dataclass
class Machine:
    """Executions that reconciliation starts, kept until the test runs them; none is ever listed as running."""

    started: dict = field(default_factory=dict)

    def start_execution(self, stateMachineArn, name, input):
        self.started[name] = json.loads(input)

    def get_paginator(self, operation):
        return self

    def paginate(self, **asked):
        return [{"executions": []}]


class Pipeline:
    """The state machine's way through the steps, step by step."""

    def __init__(self, lake, machine, killer, memory):
        self.lake, self.machine, self.killer, self.memory = lake, machine, killer, memory
        self.steps = {
            "Write the manifest": self._write_the_manifest,
            "Transform the raw events": self._transform,
            "Enrich the staged events": self._enrich,
            "Validate the data files": self._validate,
            "Commit the batch": lambda batch: commit.handler({"batch_id": batch["batch_id"]}, None),
            "Record the commit": lambda batch: self._record(batch, "committed"),
            "Publish the rows": lambda batch: publisher.handler({"batch_id": batch["batch_id"]}, Time()),
            "Record the publication": lambda batch: self._record(batch, "published"),
        }

    def deliver(self, sequence, *events):
        """A raw object as ingestion writes it; events are (id, type, data, minutes before now)."""
        raw, first = RawObject(), Position("ingest", "shard-0", str(sequence), 0, NOW)
        for number, (event_id, event_type, data, minutes) in enumerate(events):
            time = NOW - timedelta(minutes=minutes)
            attributes = {"id": event_id, "source": "/s", "type": event_type, "time": utc_text(time)}
            place = Position("ingest", "shard-0", str(sequence + number), 0, NOW)
            raw.add(place, event_type, time, attributes, data)
        last = Position("ingest", "shard-0", str(sequence + len(events) - 1), 0, NOW)
        key = layout.raw_key(first, last)
        put = self.lake.s3.put_object(Bucket="raw", Key=key, Body=raw.body(), Metadata=raw.metadata())
        return {"bucket": "raw", "key": key, "version": put["VersionId"], "size": 1}

    def run(self, batch, since="Write the manifest"):
        """The batch from a step on to its end, or into quarantine."""
        names = list(self.steps)
        for name in names[names.index(since) :]:
            if self.steps[name](batch) is KEPT_BACK:
                self._record(batch, "quarantined")
                return

    def _validate(self, batch):
        answer = validation.handler({"batch_id": batch["batch_id"]}, None)
        return None if answer["success"] else KEPT_BACK

    def run_as_the_state_machine_does(self, batch):
        """The batch to its end, or to the record of why it failed."""
        try:
            self.run(batch)
        except PipelineError as error:
            failure = {"error": type(error).__name__, "cause": str(error), "started_at": STARTED}
            ledger.handler({"batch_id": batch["batch_id"], "status": "failed", **failure}, None)

    def backfill(self, request, since="Write the manifest"):
        """A backfill on the same way, from a step on to its commit."""
        documents.write_json(self.lake.s3, "staging", f"batches/{request.backfill_id}/backfill.json", asdict(request))
        batch = {"batch_id": request.backfill_id, "backfill": request.backfill_id, "is_backfill": True}
        names = list(self.steps)
        for name in names[names.index(since) : names.index("Publish the rows")]:
            self.steps[name](batch)

    def run_until_killed(self, batch, step, write):
        """The batch from a step on, dead before that step's n-th write; False where it lived."""
        self.killer.arm(write)
        try:
            self.run(batch, since=step)
        except Killed:
            return True
        finally:
            self.killer.disarm()
        return False

    def step_until_killed(self, batch, step, write):
        """One step, dead before its n-th write; False where it lived."""
        self.killer.arm(write)
        try:
            self.steps[step](batch)
        except Killed:
            return True
        finally:
            self.killer.disarm()
        return False

    def run_started(self):
        """Every execution that reconciliation has started, to its end; names and inputs are then forgotten."""
        waiting, self.machine.started = self.machine.started, {}
        for name, given in waiting.items():
            if "republish" in given:
                self.run({"batch_id": given["republish"]}, since="Publish the rows")
            else:
                self.run({"batch_id": name, **given})

    def reconcile_until_done(self):
        """Reconciliation, and what it starts, until it finds nothing to do; what it did, pass by pass."""
        passes = []
        while done := reconciliation.reconcile(NOW + timedelta(hours=1)):
            passes.append(done)
            assert len(passes) < 5, passes
            self.run_started()
        return passes

    def _write_the_manifest(self, batch):
        manifest.handler({"started_at": STARTED, **batch}, None)

    def _transform(self, batch):
        uri = f"s3://staging/{layout.batch_document_key(batch['batch_id'], 'manifest')}"
        given = {"MANIFEST": uri, "BATCH_ID": batch["batch_id"], "STAGING_BUCKET": "staging", "ERROR_BUCKET": "error"}
        given |= {"PEPPER_SECRET_ARN": "pepper", "FILE_ROWS": "1000000", "PARTITION_MB": "16"}
        job.main([word for name, value in given.items() for word in (f"--{name}", value)])

    def _enrich(self, batch):
        settings = replace(SETTINGS, batch_id=batch["batch_id"], database=self.lake.database)
        assert enrichment.run(settings, threading.Event())

    def _record(self, batch, status):
        of_batch = {"status": status, "started_at": STARTED, "is_backfill": batch.get("is_backfill", False)}
        ledger.handler({"batch_id": batch["batch_id"], **of_batch}, None)

    def checkpoint(self):
        """Everything that steps write, to go back to."""
        return {bucket: self._objects(bucket) for bucket in ("staging", "processed", "reports", "error")}, self._entry()

    def go_back(self, checkpoint):
        """Make everything as it was at the checkpoint."""
        buckets, entry = checkpoint
        for bucket, kept in buckets.items():
            now = {o["Key"]: o["ETag"] for o in documents.keys_below(self.lake.s3, bucket, "")}
            for key in now.keys() - kept.keys():
                self.lake.s3.delete_object(Bucket=bucket, Key=key)
            for key, (etag, body) in kept.items():
                if now.get(key) != etag:
                    self.lake.s3.put_object(Bucket=bucket, Key=key, Body=body)
        boto3.client("glue").update_table(DatabaseName=self.lake.database, TableInput=entry)
        self.machine.started.clear()
        self.drain()

    def _objects(self, bucket):
        found = documents.keys_below(self.lake.s3, bucket, "")
        got = {o["Key"]: self.lake.s3.get_object(Bucket=bucket, Key=o["Key"]) for o in found}
        return {key: (answer["ETag"], answer["Body"].read()) for key, answer in got.items()}

    def _entry(self):
        table = boto3.client("glue").get_table(DatabaseName=self.lake.database, Name="events")["Table"]
        return {name: table[name] for name in ("Name", "TableType", "Parameters", "StorageDescriptor")}

    def drain(self):
        """Ids of the events on the downstream stream, which is then empty."""
        kinesis = boto3.client("kinesis")
        shard = kinesis.list_shards(StreamName=STREAM)["Shards"][0]["ShardId"]
        start = kinesis.get_shard_iterator(StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
        kinesis.delete_stream(StreamName=STREAM)
        kinesis.create_stream(StreamName=STREAM, ShardCount=1)
        return [json.loads(record["Data"])["id"] for record in records]

    def rows(self):
        """All rows of the table, all columns but the batch."""
        found = self.lake.table().scan().to_arrow().drop_columns(["batch_id"]).to_pylist()
        return sorted(found, key=lambda row: row["event_id"])

    def batches(self):
        """The ledger's records of batches."""
        return documents.read_batch_records(self.lake.s3, "processed")


class Time:
    """What Lambda tells a function of its time."""

    def get_remaining_time_in_millis(self):
        return 900_000


class Rejects(list):
    """Rejects of a job, as often as somebody asks."""

    def toLocalIterator(self):
        return iter(self)


class Memory:
    """The job's Spark part, which runs once for the same batch on the same files and is then repeated from memory.

    `known` may outlive a test: what is in it is of these batches, of these rules.
    """

    def __init__(self, process, killer):
        self._process, self._killer, self.known, self.is_on = process, killer, {}, True

    def __call__(self, spark, batch, *more):
        if not self.is_on:
            return self._process(spark, batch, *more)
        at, self._killer.at = self._killer.at, None
        writes, answer = self._killer.writes, self._remembered(spark, batch, *more)
        self._killer.writes, self._killer.at = writes, at
        return answer

    def _remembered(self, spark, batch, *more):
        s3, key, place = boto3.client("s3"), repr(asdict(batch)), layout.split_uri(batch.staged)
        if key not in self.known:
            document, rejects = self._process(spark, batch, *more)
            staged = [o["Key"] for o in documents.keys_below(s3, *place)]
            bodies = {name: s3.get_object(Bucket=place[0], Key=name)["Body"].read() for name in staged}
            self.known[key] = document, Rejects(rejects.collect()), bodies
        document, rejects, bodies = self.known[key]
        for name, body in bodies.items():
            s3.put_object(Bucket=place[0], Key=name, Body=body)
        return dict(document), rejects


@pytest.fixture
def pipeline(lake, spark, aws_endpoint, monkeypatch, killer, tmp_path):
    """Buckets, reference data, settings, a state machine that the test itself moves, and a Spark that reads s3://."""
    killer.arm()
    spark._jsc.hadoopConfiguration().set("fs.s3a.endpoint", aws_endpoint)
    for bucket in ("raw", "error"):
        lake.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    lake.s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    put_sources(lake.s3, tmp_path)
    boto3.client("kinesis").create_stream(StreamName=STREAM, ShardCount=1)
    boto3.client("secretsmanager").create_secret(Name="pepper", SecretString="hot")
    for name, value in {
        **{f"{zone}_BUCKET": bucket for zone, bucket in BUCKETS.items()},
        "DATABASE": lake.database,
        "TABLE": "events",
        "DOWNSTREAM_STREAM": STREAM,
        "STATE_MACHINE_ARN": "arn",
        "RECONCILE_AFTER_SECONDS": "0",
    }.items():
        monkeypatch.setenv(name, value)
    forget()
    machine = Machine()
    monkeypatch.setattr(reconciliation, "step_functions", lambda: machine)
    memory = Memory(job.process, killer)
    monkeypatch.setattr(job, "process", memory)
    yield Pipeline(lake, machine, killer, memory)
    killer.disarm()
    forget()


def forget():
    for app in (manifest, validation, commit, ledger, publisher, reconciliation):
        for name in ("settings", "s3", "kinesis"):
            if hasattr(app, name):
                getattr(app, name).cache_clear()
