"""An EventBridge pipe from SQS to Step Functions: templates, batches, deletion after success."""

import json

import pytest

from local import pollers
from local.pollers.input_template import check_template, parsed_body, render
from local.pollers.pipe import target_input
from local.pollers.pipe_settings import pipe_settings
from local.pollers.settings import UnsupportedSetting

ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:raw-objects"
MACHINE = f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:process-batch"
TEMPLATE = (
    '{"bucket": <$.body.detail.bucket.name>, "key": "<$.body.detail.object.key>",'
    ' "version": <$.body.detail.object.version-id>, "size": <$.body.detail.object.size>}'
)
PIPE = {"Arn": "arn:aws:pipes:::pipe/p", "Name": "p", "Source": QUEUE, "Target": MACHINE}


def notification(key="k", size=12):
    detail = {"bucket": {"name": "raw"}, "object": {"key": key, "size": size, "version-id": "v1"}}
    return json.dumps({"detail": detail})


def event(body):
    return parsed_body({"messageId": "m", "body": body})


class TestInputTemplate:
    def test_values_keep_their_types_and_strings_are_quoted(self):
        assert json.loads(render(TEMPLATE, event(notification()), {})) == {
            "bucket": "raw", "key": "k", "version": "v1", "size": 12,
        }  # fmt: skip

    def test_strings_are_escaped_inside_and_outside_of_quotes(self):
        key = 'a"b\\c\n'
        body = json.dumps({"key": key})
        assert json.loads(render('{"in": "<$.body.key>!", "out": <$.body.key>}', event(body), {})) == {
            "in": key + "!", "out": key,
        }  # fmt: skip

    def test_a_missing_path_is_an_empty_string(self):
        assert json.loads(render('{"v": <$.body.nothing>}', event("{}"), {})) == {"v": ""}

    def test_arrays_are_followed_by_index(self):
        assert render("<$.body.Records[1].n>", event('{"Records": [{"n": 1}, {"n": 2}]}'), {}) == "2"

    def test_a_body_that_is_no_json_stays_text(self):
        assert render("<$.body>", event("hello"), {}) == '"hello"'

    def test_free_text_becomes_a_json_string(self):
        assert render("Hello <$.messageId>", event("{}"), {}) in ('"Hello m"', '"Hello \\"m\\""')

    def test_reserved_variables(self):
        assert render('{"p": <aws.pipes.pipe-name>}', event("{}"), {"aws.pipes.pipe-name": "p"}) == '{"p":"p"}'

    def test_other_json_path_is_refused(self):
        with pytest.raises(UnsupportedSetting, match=r"\$\.body\[\?"):
            check_template("pipe p", '{"a": <$.body[?(@.x)]>}')


def test_without_a_template_the_whole_message_is_handed_over():
    message = {"MessageId": "m", "ReceiptHandle": "r", "Body": "{}", "MD5OfBody": "x"}
    part = json.loads(target_input(message, pipe_settings(PIPE), ""))
    assert (part["body"], part["eventSource"], part["awsRegion"]) == ("{}", "aws:sqs", "eu-west-1")


@pytest.mark.parametrize(
    "setting",
    [
        {"Enrichment": "arn:aws:lambda:::function:f"},
        {"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}},
        {"TargetParameters": {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}}},
    ],
)
def test_a_setting_that_is_not_obeyed_is_refused_by_name(setting):
    name, value = next(iter(setting.items()))
    with pytest.raises(UnsupportedSetting, match=next(iter(value)) if isinstance(value, dict) else name):
        pipe_settings({**PIPE, **setting})


def test_waiting_for_the_execution_is_refused():
    parameters = {"StepFunctionStateMachineParameters": {"InvocationType": "REQUEST_RESPONSE"}}
    with pytest.raises(UnsupportedSetting, match="REQUEST_RESPONSE"):
        pipe_settings({**PIPE, "TargetParameters": parameters})


def deploy(front, with_machine=True, **sqs):
    queue = front.client("sqs").create_queue(QueueName="raw-objects", Attributes={"VisibilityTimeout": "1"})
    if with_machine:
        create_machine(front)
    front.client("pipes").create_pipe(
        Name="p", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/p", Source=QUEUE, Target=MACHINE,
        SourceParameters={"SqsQueueParameters": sqs},
        TargetParameters={
            "InputTemplate": TEMPLATE,
            "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"},
        },
    )  # fmt: skip
    return queue["QueueUrl"]


def create_machine(front):
    front.client("stepfunctions").create_state_machine(
        name="process-batch",
        definition='{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}',
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/s",
    )


def inputs(front):
    states = front.client("stepfunctions")
    try:
        found = states.list_executions(stateMachineArn=MACHINE)["executions"]
    except states.exceptions.StateMachineDoesNotExist:
        return []
    return [json.loads(states.describe_execution(executionArn=e["executionArn"])["input"]) for e in found]


def left_in_queue(front, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = front.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(map(int, found.values()))


@pytest.fixture
def running(front):
    poller = pollers.start(front)
    yield poller
    poller.stop()


def test_messages_of_a_window_become_one_execution(front, running, eventually):
    url = deploy(front, BatchSize=1000, MaximumBatchingWindowInSeconds=2)
    for n in range(25):
        front.client("sqs").send_message(QueueUrl=url, MessageBody=notification(f"k{n}"))
    eventually(lambda: inputs(front) and left_in_queue(front, url) == 0)
    found = inputs(front)
    assert len(found) <= 2
    assert sorted(o["key"] for batch in found for o in batch) == sorted(f"k{n}" for n in range(25))


def test_a_batch_is_cut_at_the_size_of_an_execution_input(front, running, eventually):
    url = deploy(front, BatchSize=1000, MaximumBatchingWindowInSeconds=3)
    for n in range(12):
        front.client("sqs").send_message(QueueUrl=url, MessageBody=notification(f"{n}-" + "x" * 50_000))
    eventually(lambda: sum(map(len, inputs(front))) == 12, seconds=30)
    assert all(len(json.dumps(batch)) <= 262_144 for batch in inputs(front))


def test_messages_come_again_until_the_execution_starts(front, running, eventually):
    url = deploy(front, with_machine=False, BatchSize=10)
    front.client("sqs").send_message(QueueUrl=url, MessageBody=notification())
    eventually(lambda: any(key[0] == "pipe" for key in running._runners))
    assert left_in_queue(front, url) == 1
    create_machine(front)
    eventually(lambda: len(inputs(front)) == 1 and left_in_queue(front, url) == 0)
