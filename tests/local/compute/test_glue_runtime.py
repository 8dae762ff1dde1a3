"""Glue job runs are real processes, and their states and errors are AWS's."""

import io
import json
import time
import zipfile

import pytest
from botocore.exceptions import ClientError

from local.glue_job import error_of
from local.server import Server

SCRIPT = """
import os, sys, time
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
do = arguments.get("--do", "tell")
print("doing", do, flush=True)
if do == "raise":
    raise ValueError("no such thing")
if do == "sleep":
    time.sleep(60)
if do == "import":
    __import__(arguments["--module"])
if do == "tell":
    import json, boto3, a_room.module
    told = {"arguments": arguments, "environ": dict(os.environ), "brought": a_room.module.NAME}
    boto3.client("s3").put_object(Bucket="glue", Key="told.json", Body=json.dumps(told))
"""
SPARK_SCRIPT = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
rows = spark.createDataFrame([("a", 1), ("a", 2), ("b", 3)], ["kind", "n"])
rows.write.partitionBy("kind").parquet("s3://glue/rows")
again = spark.read.parquet("s3://glue/rows").where("kind = 'a'")
again.coalesce(1).write.json("s3a://glue/sums", compression="gzip")
assert again.count() == 2
print("timezone", spark.conf.get("spark.sql.shuffle.partitions"))
"""


@pytest.fixture(scope="module", autouse=True)
def artifacts(server: Server) -> None:
    s3 = server.front.client("s3")
    s3.create_bucket(Bucket="glue", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="glue", Key="job.py", Body=SCRIPT)
    s3.put_object(Bucket="glue", Key="spark.py", Body=SPARK_SCRIPT)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("a_room/__init__.py", "")
        files.writestr("a_room/module.py", "NAME = 'brought by the archive'")
    s3.put_object(Bucket="glue", Key="rooms.zip", Body=archive.getvalue())


@pytest.fixture(scope="module")
def create(server: Server, role: str):
    def create(name: str, *, kind: str = "pythonshell", script: str = "job.py", **settings) -> str:
        server.front.client("glue").create_job(
            Name=name,
            Role=role,
            Command={"Name": kind, "ScriptLocation": f"s3://glue/{script}", "PythonVersion": "3"},
            DefaultArguments={"--extra-py-files": "s3://glue/rooms.zip", "--colour": "red"},
            **settings,
        )
        return name

    return create


@pytest.fixture(scope="module")
def job(create) -> str:
    return create("job", ExecutionProperty={"MaxConcurrentRuns": 3})


def start(server: Server, name: str, **arguments: str) -> str:
    given = {f"--{key}": value for key, value in arguments.items()}
    return server.front.client("glue").start_job_run(JobName=name, Arguments=given)["JobRunId"]


def ended(server: Server, name: str, run_id: str, states=("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")) -> dict:
    deadline = time.monotonic() + 120
    while True:
        run = server.front.client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"]
        if run["JobRunState"] in states:
            return run
        assert time.monotonic() < deadline, run
        time.sleep(0.02)


def test_a_run_gets_its_arguments_its_role_and_its_archives(server, job):
    run_id = start(server, job, colour="blue")
    run = ended(server, job, run_id)
    assert (run["JobRunState"], run.get("ErrorMessage")) == ("SUCCEEDED", None)
    told = json.loads(server.front.client("s3").get_object(Bucket="glue", Key="told.json")["Body"].read())
    assert told["arguments"]["--colour"] == "blue"
    assert (told["arguments"]["--JOB_NAME"], told["arguments"]["--JOB_RUN_ID"]) == (job, run_id)
    assert told["environ"]["AWS_ENDPOINT_URL"] == server.url
    assert told["environ"]["AWS_SESSION_TOKEN"]
    assert told["brought"] == "brought by the archive"


def test_a_room_that_no_archive_brings_cannot_be_imported(server, job):
    run = ended(server, job, start(server, job, do="import", module="local.front"))
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "ModuleNotFoundError: No module named 'local'"


def test_a_failed_run_tells_its_error(server, job):
    run = ended(server, job, start(server, job, do="raise"))
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "ValueError: no such thing")


def test_what_a_run_prints_is_in_its_log_group(server, create):
    create("logging")
    run_id = start(server, "logging", **{"do": "raise", "continuous-log-logGroup": "/aws-glue/jobs/mine"})
    ended(server, "logging", run_id)
    logs = server.front.client("logs")
    events = logs.get_log_events(logGroupName="/aws-glue/jobs/mine", logStreamName=run_id)["events"]
    messages = [event["message"] for event in events]
    assert messages[0] == "doing raise" and messages[-1] == "ValueError: no such thing"


def test_a_script_that_is_not_there_fails_the_run(server, create):
    create("scriptless", script="nothing.py")
    run = ended(server, "scriptless", start(server, "scriptless"))
    assert run["JobRunState"] == "FAILED" and "NoSuchKey" in run["ErrorMessage"]


def test_runs_above_the_jobs_limit_are_refused_and_those_above_the_machines_wait(server, create):
    create("narrow", ExecutionProperty={"MaxConcurrentRuns": 2})
    first = start(server, "narrow", do="sleep")
    ended(server, "narrow", first, states=("RUNNING",))
    second = start(server, "narrow", do="sleep")
    glue = server.front.client("glue")
    assert glue.get_job_run(JobName="narrow", RunId=second)["JobRun"]["JobRunState"] == "WAITING"
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        start(server, "narrow", do="sleep")
    queued = glue.start_job_run(JobName="narrow", JobRunQueuingEnabled=True)["JobRunId"]
    stopped = glue.batch_stop_job_run(JobName="narrow", JobRunIds=[second, first, "jr_unknown"])
    assert [entry["JobRunId"] for entry in stopped["SuccessfulSubmissions"]] == [second, first]
    assert stopped["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert ended(server, "narrow", first)["JobRunState"] == "STOPPED"
    assert ended(server, "narrow", second)["JobRunState"] == "STOPPED"
    assert ended(server, "narrow", queued)["JobRunState"] == "SUCCEEDED"
    runs = glue.get_job_runs(JobName="narrow")["JobRuns"]
    assert [run["Id"] for run in runs] == [queued, second, first]


def test_a_run_ends_at_its_time_limit(server, create):
    create("slow")
    told = server.front.client("glue").start_job_run(JobName="slow", Arguments={"--do": "sleep"}, Timeout=1)
    runtime = next(part for part in server.parts if type(part).__name__ == "GlueRuntime")
    runtime._runs[told["JobRunId"]].told["Timeout"] = 0.01  # minutes are too long for a test
    run = ended(server, "slow", told["JobRunId"])
    assert run["JobRunState"] == "TIMEOUT"


def test_an_unknown_job_or_run_is_refused_as_on_aws(server, job):
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        start(server, "nothing")
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        server.front.client("glue").get_job_run(JobName=job, RunId="jr_unknown")


def test_the_error_of_a_run_is_its_last_traceback():
    first = ["Traceback (most recent call last):", '  File "a"', "KeyError: 'first'", "", "During ..."]
    last = ["Traceback (most recent call last):", '  File "b"', "ValueError: last", "26/11/22 INFO stopped"]
    assert error_of(first + last, 1) == "ValueError: last"
    assert error_of(["one", "two", ""], 3) == "exit status 3: two"


@pytest.mark.slow
def test_spark_writes_and_reads_partitions_of_s3(server, create):
    create("spark", kind="glueetl", script="spark.py")
    run = ended(server, "spark", start(server, "spark", conf="spark.sql.shuffle.partitions=3"))
    assert (run["JobRunState"], run.get("ErrorMessage")) == ("SUCCEEDED", None)
    listed = server.front.client("s3").list_objects_v2(Bucket="glue", Prefix="rows/")["Contents"]
    folders = {entry["Key"].split("/")[1] for entry in listed if entry["Key"].endswith(".parquet")}
    assert folders == {"kind=a", "kind=b"}
    assert not [entry for entry in listed if "_temporary" in entry["Key"]]
