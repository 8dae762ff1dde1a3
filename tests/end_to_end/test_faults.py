"""Each step broken in turn: the execution says why, nothing is visible, and the batch completes once it is mended."""

import io
import json
import time
import zipfile
from contextlib import contextmanager

import boto3
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EVENTS, AGAIN = 60, 15
FUNCTION, JOB = "tributary-local-{}", "tributary-local-process-events"
EVALUATION_JOB, PROCESSING = "tributary-local-evaluate-batch", "tributary-local-processing"


@pytest.fixture(scope="module")
def session(etl):
    """What any client is given by `etl env`."""
    variables = json.loads(etl("env", "--json"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield boto3.Session()


@pytest.fixture(scope="module")
def reconcile(etl, session):
    """Reconciliation that looks at once and does not give up, as often as the test asks."""
    session.client("scheduler").update_schedule(**switched_off(session, "tributary-local-reconciliation"))
    change_environment(session, "reconciliation", RECONCILE_AFTER_SECONDS="1", MAX_ATTEMPTS="9")

    def run():
        time.sleep(1.1)  # the age that the line above asks for
        etl("reconcile")

    return run


@pytest.fixture(scope="module")
def evaluations(session):
    """Batches with more than AGAIN lines count as large, and so are validated on Spark; a way to ask which were."""
    cloudformation, glue = session.client("cloudformation"), session.client("glue")
    (stack,) = cloudformation.describe_stacks(StackName=PROCESSING)["Stacks"]
    kept = [{"ParameterKey": p["ParameterKey"], "UsePreviousValue": True} for p in stack["Parameters"]]
    changed = {"ParameterKey": "ValidationSparkLines", "ParameterValue": str(AGAIN + 1)}
    parameters = [changed if p["ParameterKey"] == changed["ParameterKey"] else p for p in kept]
    cloudformation.update_stack(
        StackName=PROCESSING, UsePreviousTemplate=True, Parameters=parameters, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=PROCESSING, WaiterConfig={"Delay": 1})

    def found():
        runs = glue.get_job_runs(JobName=EVALUATION_JOB)["JobRuns"]
        return {run["Arguments"]["--BATCH_ID"]: run["JobRunState"] for run in runs}

    return found


def switched_off(session, name):
    found = session.client("scheduler").get_schedule(Name=name)
    kept = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target", "GroupName")
    return {key: found[key] for key in kept if key in found} | {"State": "DISABLED"}


def change_environment(session, function, **values):
    client, name = session.client("lambda"), FUNCTION.format(function)
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables | values})
    return variables


@contextmanager
def function_that_raises(session):
    before = change_environment(session, "manifest", TABLE="no_such_table")
    yield
    change_environment(session, "manifest", **before)


def job_arguments(session):
    return session.client("glue").get_job(JobName=JOB)["Job"]


def change_job(session, **changes):
    job = job_arguments(session)
    kept = ("Role", "Command", "DefaultArguments", "GlueVersion", "WorkerType", "NumberOfWorkers", "ExecutionProperty")
    session.client("glue").update_job(JobName=JOB, JobUpdate={k: job[k] for k in kept if k in job} | changes)
    return {name: job[name] for name in changes}


@contextmanager
def job_that_dies(session):
    bucket, _, _ = job_arguments(session)["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    session.client("s3").put_object(Bucket=bucket, Key="faulty.py", Body=b"import os\nos.kill(os.getpid(), 9)\n")
    command = job_arguments(session)["Command"] | {"ScriptLocation": f"s3://{bucket}/faulty.py"}
    before = change_job(session, Command=command)
    yield
    change_job(session, **before)


@contextmanager
def task_that_exits_non_zero(session):
    s3 = session.client("s3")
    bucket = session.client("ssm").get_parameter(Name="/tributary/local/reference-bucket-name")["Parameter"]["Value"]
    customers = s3.get_object(Bucket=bucket, Key="customers/customers.parquet")["Body"].read()
    s3.put_object(Bucket=bucket, Key="customers/customers.parquet", Body=customers[: len(customers) // 2])
    yield
    s3.put_object(Bucket=bucket, Key="customers/customers.parquet", Body=customers)


@contextmanager
def transform_that_errs(session):
    """The transform gets the lateness wrong; its counts add up, so only the suite can tell."""
    s3, arguments = session.client("s3"), job_arguments(session)["DefaultArguments"]
    bucket, _, key = arguments["--extra-py-files"].removeprefix("s3://").partition("/")
    library = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    faulty = io.BytesIO()
    with zipfile.ZipFile(faulty, "w") as archive:
        for name in library.namelist():
            right, wrong = b'F.col("lateness_seconds") > F.', b'F.col("lateness_seconds") <= F.'
            archive.writestr(name, library.read(name).replace(right, wrong))
    s3.put_object(Bucket=bucket, Key="faulty.zip", Body=faulty.getvalue())
    before = change_job(session, DefaultArguments=arguments | {"--extra-py-files": f"s3://{bucket}/faulty.zip"})
    yield
    change_job(session, **before)


FAULTS = {
    function_that_raises: ("NoSuchTableError", "no_such_table"),
    job_that_dies: ("States.TaskFailed", JOB),
    task_that_exits_non_zero: ("States.TaskFailed", "tributary-local-enrichment"),
    transform_that_errs: ("Quarantined", "is_late.as_contract_says"),
}


def newest_execution(session, known):
    """The first execution that is not among the known ones, once it has ended."""
    client = session.client("stepfunctions")
    machine = client.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        found = client.list_executions(stateMachineArn=machine)["executions"]
        new = [e for e in found if e["executionArn"] not in known]
        if new and all(e["status"] != "RUNNING" for e in new):
            return client.describe_execution(executionArn=new[0]["executionArn"])
        time.sleep(0.3)
    raise AssertionError("no execution ended within 180 s")


def rows(etl):
    return json.loads(etl("query", "--json", "SELECT count(*) AS n FROM events"))[0]["n"]


def test_a_broken_step_fails_the_batch_leaves_nothing_and_is_made_good(etl, session, evaluations, reconcile, tmp_path):
    sent = tmp_path / "events.ndjson"
    etl("generate", "--events", str(EVENTS), "--seed", "5", "--out", str(sent))
    known = set()
    for fault, (error, said) in FAULTS.items():
        with fault(session):
            if known:
                reconcile()
            else:
                etl("send", str(sent))
            failed = newest_execution(session, known)
            known.add(failed["executionArn"])
            assert failed["status"] == "FAILED", fault.__name__
            assert failed["error"] == error, fault.__name__
            assert said in failed["cause"], fault.__name__
            assert rows(etl) == 0, fault.__name__
    kept_back = failed["name"]
    reconcile()
    assert executions(session) == known, "a batch whose data fails is not run again"
    later = sent.with_name("later.ndjson")
    later.write_text("".join(sent.read_text().splitlines(keepends=True)[:AGAIN]))
    etl("send", str(later), "--wait")
    visible, summary = rows(etl), json.loads(etl("status", "--json", "--check"))
    assert 0 < visible == summary["batches"]["published"]
    assert summary["quarantine"]["waiting"] == [kept_back]
    assert summary["lag"]["pending_lines"] == 0

    released = json.loads(etl("quarantine", "release", kept_back, "--reason", "mended", "--mended", "--wait", "--json"))
    summary = json.loads(etl("status", "--json", "--check"))
    assert summary["ingestion"]["records"] == EVENTS + AGAIN
    assert (summary["quarantine"]["waiting"], summary["batches"]["quarantined"]) == ([], 0)
    assert rows(etl) == visible + released["rows"] == summary["batches"]["rows"] == summary["batches"]["published"]
    statuses = {batch["batch_id"]: batch["status"] for batch in summary["batch_list"]}
    assert (statuses[kept_back], statuses[released["released_as"]]) == ("released", "published")
    assert evaluations() == {kept_back: "SUCCEEDED", released["released_as"]: "SUCCEEDED"}
    assert etl.downstream() == etl.stored()
    assert len(set(etl.stored())) == rows(etl)


def executions(session):
    client = session.client("stepfunctions")
    machine = client.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    return {e["executionArn"] for e in client.list_executions(stateMachineArn=machine)["executions"]}


def test_rows_that_were_not_published_are_sent_by_hand_in_shares(etl, session, reconcile, tmp_path):
    sent, known = tmp_path / "more.ndjson", executions(session)
    etl("generate", "--events", str(AGAIN), "--seed", "6", "--out", str(sent))
    before = change_environment(session, "publisher", DOWNSTREAM_STREAM="nowhere", ROWS_PER_SHARE="5")
    etl("send", str(sent))
    failed = newest_execution(session, known)
    assert (failed["status"], "nowhere" in failed["cause"]) == ("FAILED", True)
    assert json.loads(etl("status", "--json"))["batch_list"][-1]["status"] == "committed"
    change_environment(session, "publisher", DOWNSTREAM_STREAM=before["DOWNSTREAM_STREAM"])
    (told,) = json.loads(etl("publish", "--all-unpublished", "--json"))
    assert (told["published"], told["publish_failures"], told["error"]) == (told["rows"], 0, None)
    (arn,) = executions(session) - known - {failed["executionArn"]}
    history = session.client("stepfunctions").get_execution_history(executionArn=arn, maxResults=1000)["events"]
    shares = [e for e in history if e["type"] == "MapIterationSucceeded"]
    assert len(shares) > 1
    assert etl.downstream() == etl.stored()
    etl("status", "--check")
