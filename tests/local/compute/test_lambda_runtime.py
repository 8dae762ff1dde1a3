"""Lambda functions run as real processes, with AWS's limits and errors."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.server import Server

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tributary/lambdas:one"
DOCKERFILE = """
FROM public.ecr.aws/lambda/python:3.13
COPY lambdas ${LAMBDA_TASK_ROOT}/lambdas
CMD ["lambdas.app.handler"]
"""
APP = """
import os, time, sys

def handler(event, context):
    do = event.get("do", "echo")
    print("doing", do)
    if do == "raise":
        raise ValueError("no such thing")
    if do == "sleep":
        time.sleep(event["seconds"])
    if do == "exit":
        os._exit(3)
    if do == "import":
        __import__(event["module"])
    if do == "environ":
        return dict(os.environ)
    return {"event": event, "pid": os.getpid(), "function": context.function_name}

def other(event, context):
    return "other"
"""


@pytest.fixture(scope="module", autouse=True)
def code(repository: Path) -> None:
    (repository / "lambdas").mkdir()
    (repository / "lambdas/Dockerfile").write_text(DOCKERFILE)
    (repository / "lambdas/app.py").write_text(APP)
    (repository / "lambdas/broken.py").write_text("import a_package_that_is_not_there\n")


@pytest.fixture(scope="module")
def create(server: Server, role: str):
    def create(name: str, **settings) -> str:
        server.front.client("lambda").create_function(
            FunctionName=name, Role=role, PackageType="Image", Code={"ImageUri": IMAGE}, **settings
        )
        return name

    return create


@pytest.fixture(scope="module")
def invoke(server: Server):
    def invoke(name: str, **event):
        answer = server.front.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    return invoke


@pytest.fixture(scope="module")
def echo(create) -> str:
    return create("echo", Timeout=10, Environment={"Variables": {"BUCKET": "b", "AWS_REGION": "mine"}})


def messages(server: Server, group: str) -> list[str]:
    events = server.front.client("logs").filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in events]


def test_the_handler_of_the_image_answers(echo, invoke):
    answer, error = invoke(echo, a=1)
    assert (answer["event"], answer["function"], error) == ({"a": 1}, "echo", None)


def test_the_command_of_the_function_picks_the_handler(create, invoke):
    create("second", ImageConfig={"Command": ["lambdas.app.other"]})
    assert invoke("second") == ("other", None)


def test_a_warm_process_is_used_again(echo, invoke):
    first, second = invoke(echo)[0]["pid"], invoke(echo)[0]["pid"]
    assert first == second
    started = time.perf_counter()
    for _ in range(20):
        invoke(echo)
    assert (time.perf_counter() - started) / 20 < 0.2


def test_concurrent_invocations_have_processes_of_their_own(echo, invoke):
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: invoke(echo, do="sleep", seconds=1), range(2)))
    assert len({answer["pid"] for answer, _ in answers}) == 2


def test_the_process_sees_its_settings_and_the_roles_credentials(echo, invoke, server):
    seen = invoke(echo, do="environ")[0]
    assert seen["BUCKET"] == "b"
    assert seen["AWS_REGION"] == "eu-west-1"
    assert seen["AWS_ENDPOINT_URL"] == server.url
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/echo"
    assert seen["_HANDLER"] == "lambdas.app.handler"


def test_a_room_that_the_image_does_not_copy_cannot_be_imported(echo, invoke):
    answer, error = invoke(echo, do="import", module="local.front")
    assert error == "Unhandled"
    assert answer["errorType"] == "ModuleNotFoundError"
    assert "No module named 'local'" in answer["errorMessage"]


def test_a_raised_error_is_the_answer(echo, invoke):
    answer, error = invoke(echo, do="raise")
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no such thing")
    assert answer["stackTrace"]


def test_an_invocation_ends_at_its_time_limit_and_the_next_one_works(create, invoke):
    create("short", Timeout=1)
    answer, error = invoke("short", do="sleep", seconds=30)
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert answer["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert invoke("short")[1] is None


def test_a_process_that_dies_is_an_error_and_replaced(echo, invoke):
    answer, error = invoke(echo, do="exit")
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert answer["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert invoke(echo)[1] is None


def test_a_handler_that_cannot_be_imported_tells_why(create, invoke):
    create("broken", ImageConfig={"Command": ["lambdas.broken.handler"]})
    answer, error = invoke("broken")
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ImportModuleError")
    assert "a_package_that_is_not_there" in answer["errorMessage"]


def test_a_changed_configuration_reaches_the_next_invocation(create, invoke, server):
    create("changing", Environment={"Variables": {"A": "1"}})
    assert invoke("changing", do="environ")[0]["A"] == "1"
    server.front.client("lambda").update_function_configuration(
        FunctionName="changing", Environment={"Variables": {"A": "2"}}
    )
    assert invoke("changing", do="environ")[0]["A"] == "2"


def test_an_event_invocation_returns_at_once_and_runs(create, server):
    create("later")
    started = time.perf_counter()
    answer = server.front.client("lambda").invoke(
        FunctionName="later", InvocationType="Event", Payload=b'{"do": "in the background"}'
    )
    assert answer["StatusCode"] == 202 and time.perf_counter() - started < 1
    deadline = time.monotonic() + 30
    while "doing in the background" not in _messages_if_any(server, "/aws/lambda/later"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _messages_if_any(server: Server, group: str) -> list[str]:
    try:
        return messages(server, group)
    except ClientError:
        return []


def test_a_dry_run_runs_nothing(echo, server):
    answer = server.front.client("lambda").invoke(FunctionName=echo, InvocationType="DryRun")
    assert answer["StatusCode"] == 204


def test_what_a_function_prints_is_in_its_log_group_in_order(create, invoke, server):
    create("printing")
    invoke("printing", do="print")
    deadline = time.monotonic() + 10
    while len(lines := _messages_if_any(server, "/aws/lambda/printing")) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [line.split(" ")[0] for line in lines] == ["START", "doing", "END", "REPORT"]
    assert "Memory Size: 128 MB" in lines[-1] and "Init Duration" in lines[-1]


def test_an_unknown_function_is_refused_as_on_aws(server):
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        server.front.client("lambda").invoke(FunctionName="nobody")


def test_a_payload_above_the_limit_is_refused(echo, server):
    with pytest.raises(ClientError, match="RequestTooLarge"):
        server.front.client("lambda").invoke(FunctionName=echo, Payload=b'"' + b"x" * 6_300_000 + b'"')
