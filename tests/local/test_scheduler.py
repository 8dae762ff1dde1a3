"""EventBridge Scheduler: when expressions are due, what targets are called, what happens on failure."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from local import pollers
from local.pollers.api_call import api_names
from local.pollers.cron import next_match, parse_cron
from local.pollers.schedule import may_retry
from local.pollers.schedule_expression import next_due
from local.pollers.schedule_target import target_call
from local.pollers.settings import UnsupportedSetting

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/scheduler"
MACHINE = f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:m"
CLUSTER = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/c"


def at(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("fields", "after", "expected"),
    [
        ("0 12 * * ? *", "2026-11-22T12:00", "2026-11-23T12:00"),
        ("0/15 * * * ? *", "2026-11-22T12:16", "2026-11-22T12:30"),
        ("15 10 ? * 6L 2026-2027", "2026-11-22T00:00", "2026-11-27T10:15"),
        ("0 18 ? * MON-FRI *", "2026-11-20T18:00", "2026-11-23T18:00"),
        ("0 8 1 * ? *", "2026-11-22T00:00", "2026-12-01T08:00"),
        ("0 9 ? * 2#1 *", "2026-11-22T00:00", "2026-12-07T09:00"),
        ("0 0 L * ? *", "2026-02-01T00:00", "2026-02-28T00:00"),
        ("0 0 15W * ? *", "2026-11-01T00:00", "2026-11-16T00:00"),
        ("0 0 LW * ? *", "2026-10-02T00:00", "2026-10-30T00:00"),
        ("0 0 29 2 ? *", "2026-11-22T00:00", "2028-02-29T00:00"),
        ("5,35 22-1 * * ? *", "2026-11-22T01:36", "2026-11-22T22:05"),
        ("0 0 1 JAN,JUL ? *", "2026-11-22T00:00", "2027-01-01T00:00"),
    ],
)
def test_cron(fields, after, expected):
    assert next_match(parse_cron(fields), at(after)) == at(expected)


def test_a_year_that_is_over_never_matches():
    assert next_match(parse_cron("0 0 1 1 ? 2020"), at("2026-11-22T00:00")) is None


@pytest.mark.parametrize("fields", ["0 12 * * *", "0 12 * * * *", "60 * * * ? *", "0 0 ? * ? *", "a * * * ? *"])
def test_wrong_cron_expressions_are_refused(fields):
    with pytest.raises(ValueError, match="cron"):
        parse_cron(fields)


def test_a_rate_counts_from_its_start():
    started, after = at("2026-11-22T10:00:30+00:00"), at("2026-11-22T10:11:00+00:00")
    assert next_due("rate(5 minutes)", "UTC", started, after) == at("2026-11-22T10:15:30+00:00")
    assert next_due("rate(1 hour)", "UTC", started, started) == at("2026-11-22T11:00:30+00:00")
    assert next_due("rate(2 days)", "UTC", started, started) == at("2026-11-24T10:00:30+00:00")


def test_cron_is_read_in_the_time_zone_of_the_schedule():
    after = at("2026-07-01T00:00:00+00:00")
    assert next_due("cron(0 6 * * ? *)", "Europe/Dublin", after, after) == at("2026-07-01T05:00:00+00:00")


def test_at_fires_once():
    time = at("2026-11-22T10:00:00+00:00")
    assert next_due("at(2026-11-22T11:00:00)", "UTC", time, time) == time + timedelta(hours=1)
    assert next_due("at(2026-11-22T09:00:00)", "UTC", time, time) is None


@pytest.mark.parametrize("expression", ["every 5 minutes", "rate(5 weeks)", "rate(0 minutes)"])
def test_wrong_expressions_are_refused(expression):
    with pytest.raises(ValueError, match="expected"):
        next_due(expression, "UTC", datetime.now(UTC), datetime.now(UTC))


def test_targets_become_calls_of_the_public_api():
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    call = target_call("s", {"Arn": arn, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'},
                       {"scheduled-time": "2026-11-22T10:00:00Z"})  # fmt: skip
    assert (call.service, call.operation) == ("lambda", "Invoke")
    assert call.parameters["Payload"] == '{"at": "2026-11-22T10:00:00Z"}'
    call = target_call("s", {"Arn": MACHINE, "Input": "{}"}, {})
    assert (call.operation, call.parameters) == ("StartExecution", {"stateMachineArn": MACHINE, "input": "{}"})


def test_run_task_as_template_and_as_universal_target(front):
    network = {"awsvpcConfiguration": {"Subnets": ["s-1"], "AssignPublicIp": "DISABLED"}}
    overrides = {"containerOverrides": [{"name": "enrichment", "command": ["maintain"]}]}
    templated = {
        "Arn": CLUSTER, "Input": json.dumps(overrides),
        "EcsParameters": {"TaskDefinitionArn": "t", "LaunchType": "FARGATE", "NetworkConfiguration": network},
    }  # fmt: skip
    universal = {
        "Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask",
        "Input": json.dumps({"Cluster": CLUSTER, "TaskDefinition": "t", "Count": 1, "LaunchType": "FARGATE",
                             "NetworkConfiguration": network, "Overrides": overrides}),
    }  # fmt: skip
    shape = front.client("ecs").meta.service_model.operation_model("RunTask").input_shape
    calls = [target_call("s", target, {}) for target in (templated, universal)]
    assert {(c.service, c.operation) for c in calls} == {("ecs", "RunTask")}
    first, second = (api_names(shape, c.parameters) for c in calls)
    assert first == second
    assert first["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["s-1"]


def test_an_unknown_parameter_is_named(front):
    shape = front.client("ecs").meta.service_model.operation_model("RunTask").input_shape
    with pytest.raises(ValueError, match="RunTaskRequest has no Sort"):
        api_names(shape, {"Sort": 1})


def test_another_target_is_refused():
    with pytest.raises(UnsupportedSetting, match="firehose"):
        target_call("s", {"Arn": "arn:aws:firehose:eu-west-1:1:deliverystream/d"}, {})


def test_retries_end_by_number_or_age():
    policy = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}
    assert may_retry(policy, retries=1, age_seconds=59)
    assert not may_retry(policy, retries=2, age_seconds=1)
    assert not may_retry(policy, retries=0, age_seconds=60)


@pytest.fixture
def running(front):
    poller = pollers.start(front)
    yield poller
    poller.stop()


def soon():
    return (datetime.now(UTC) + timedelta(seconds=3)).strftime("at(%Y-%m-%dT%H:%M:%S)")


def schedule(front, target, **settings):
    front.client("scheduler").create_schedule(
        Name="s", FlexibleTimeWindow={"Mode": "OFF"}, Target={"RoleArn": ROLE, **target}, **settings
    )


def queue(front, name):
    return front.client("sqs").create_queue(QueueName=name)["QueueUrl"]


def messages(front, url):
    return front.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")


def test_a_schedule_starts_an_execution(front, running, eventually):
    states = front.client("stepfunctions")
    definition = '{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}'
    states.create_state_machine(name="m", definition=definition, roleArn=ROLE)
    schedule(front, {"Arn": MACHINE, "Input": '{"a": 1}'}, ScheduleExpression=soon())
    found = eventually(lambda: states.list_executions(stateMachineArn=MACHINE)["executions"])
    assert json.loads(states.describe_execution(executionArn=found[0]["executionArn"])["input"]) == {"a": 1}


def test_a_disabled_schedule_does_not_run(front, running, eventually):
    url = queue(front, "q")
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
              "Input": json.dumps({"QueueUrl": url, "MessageBody": "hello"})}  # fmt: skip
    schedule(front, target, ScheduleExpression=soon(), State="DISABLED")
    with pytest.raises(AssertionError, match="not true"):
        eventually(lambda: messages(front, url), seconds=4)


def test_what_cannot_be_delivered_reaches_the_dead_letter_queue(front, running, eventually):
    url = queue(front, "dlq")
    target = {
        "Arn": MACHINE, "Input": '{"a": 1}', "RetryPolicy": {"MaximumRetryAttempts": 1},
        "DeadLetterConfig": {"Arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:dlq"},
    }  # fmt: skip
    schedule(front, target, ScheduleExpression=soon())
    found = eventually(lambda: messages(front, url))
    assert json.loads(found[0]["Body"]) == {"a": 1}
    assert found[0]["MessageAttributes"]["RETRY_ATTEMPTS"]["StringValue"] == "1"
    assert found[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "StateMachineDoesNotExist"
