"""S3 events, rules and their targets, queues behind them."""

import inspect
import json
import time

import pytest
from moto.events.models import Rule
from moto.s3 import models, notifications

from local.mends import bucket_policies, event_delivery, event_source_delivery, s3_events
from local.mends.event_input import target_input

REGION = {"LocationConstraint": "eu-west-1"}
EVENT = {"detail": {"name": "b1", "n": 3, "list": ["x"], "none": None}, "time": "2026-11-22T10:00:00Z"}


@pytest.fixture(scope="module")
def key(front):
    return front.client("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def queue(front, key, request):
    """An encrypted queue that a rule sends the raw objects of a bucket to; gives its URL."""
    name = request.node.name.replace("_", "-")[:60]
    front.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=REGION)
    front.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    front.client("s3").put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    url = front.client("sqs").create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    pattern = {"detail": {"bucket": {"name": [name]}, "object": {"key": [{"prefix": "raw/"}]}}}
    pattern |= {"source": ["aws.s3"], "detail-type": ["Object Created"]}
    front.client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    target = {"Id": "q", "Arn": f"arn:aws:sqs:eu-west-1:123456789012:{name}"}
    front.client("events").put_targets(Rule=name, Targets=[target])
    yield name, url
    front.client("events").disable_rule(Name=name)


def received(front, url, wait_seconds=0):
    messages, client = [], front.client("sqs")
    time.sleep(wait_seconds)
    while found := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        messages += found
    return [json.loads(message["Body"]) for message in messages]


def test_an_object_is_announced_with_all_that_the_pipe_needs(front, queue, eventually):
    name, url = queue
    version = front.client("s3").put_object(Bucket=name, Key="raw/a=1/x.gz", Body=b"12345")["VersionId"]
    front.client("s3").put_object(Bucket=name, Key="other/x.gz", Body=b"1")
    (event,) = eventually(lambda: received(front, url))
    told = event["detail"]["object"]
    assert event["detail"]["bucket"]["name"] == name
    assert (told["key"], told["size"], told["version-id"]) == ("raw/a=1/x.gz", 5, version)
    assert event["time"].endswith("Z")


def test_every_event_has_its_own_id_and_a_later_sequencer(front, queue, eventually):
    name, url = queue
    events = []
    for number in range(2):
        front.client("s3").put_object(Bucket=name, Key="raw/x", Body=str(number).encode())
        events += eventually(lambda: received(front, url))
    assert events[0]["id"] != events[1]["id"]
    assert events[0]["detail"]["object"]["sequencer"] < events[1]["detail"]["object"]["sequencer"]


def test_a_multipart_upload_is_announced_once(front, queue):
    name, url = queue
    s3, place = front.client("s3"), {"Bucket": name, "Key": "raw/big"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    tag = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)
    (event,) = received(front, url, wait_seconds=0.5)
    assert event["detail"]["reason"] == "CompleteMultipartUpload"
    assert event["detail"]["object"]["size"] == 4


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(front, queue, eventually):
    name, _ = queue
    letters = front.client("sqs").create_queue(QueueName="letters")["QueueUrl"]
    target = {
        "Id": "q",
        "Arn": "arn:aws:sqs:eu-west-1:123456789012:nowhere",
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:123456789012:letters"},
    }
    front.client("events").put_targets(Rule=name, Targets=[target])
    front.client("s3").put_object(Bucket=name, Key="raw/x", Body=b"1")
    assert eventually(lambda: received(front, letters))[0]["detail"]["object"]["key"] == "raw/x"


def test_a_message_received_too_often_goes_to_the_dead_letter_queue(front, key):
    sqs = front.client("sqs")
    sqs.create_queue(QueueName="dead", Attributes={"KmsMasterKeyId": key})
    redrive = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead", "maxReceiveCount": 1})
    url = sqs.create_queue(QueueName="live", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})[
        "QueueUrl"
    ]
    sqs.send_message(QueueUrl=url, MessageBody='"m"')
    assert sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert received(front, sqs.get_queue_url(QueueName="dead")["QueueUrl"]) == ["m"]


def transformer(template, **paths):
    return {"InputTransformer": {"InputTemplate": template, "InputPathsMap": paths}}


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({}, json.dumps(EVENT)),
        ({"Input": '{"a": 1}'}, '{"a": 1}'),
        ({"InputPath": "$.detail.list[0]"}, '"x"'),
        (transformer('"Batch <b> ended"', b="$.detail.name"), "Batch b1 ended"),
        (transformer('{"b": <b>, "n": <n>}', b="$.detail.name", n="$.detail.n"), '{"b": "b1", "n": 3}'),
        (transformer('{"t": "at <aws.events.event.ingestion-time>"}'), '{"t": "at 2026-11-22T10:00:00Z"}'),
    ],
)
def test_a_target_receives_what_its_input_settings_say(target, text):
    assert target_input(target, EVENT) == text


def test_a_policy_with_conditions_does_not_lock_the_bucket(front):
    s3 = front.client("s3")
    s3.create_bucket(Bucket="locked", CreateBucketConfiguration=REGION)
    tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::locked", "arn:aws:s3:::locked/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="locked", Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls_only]}))
    s3.put_object(Bucket="locked", Key="a", Body=b"1")
    del tls_only["Condition"]
    s3.put_bucket_policy(Bucket="locked", Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls_only]}))
    with pytest.raises(s3.exceptions.ClientError, match=r"403|Forbidden"):
        s3.put_object(Bucket="locked", Key="a", Body=b"1")


class TestMotoItself:
    """Each of these fails when moto no longer needs the mend."""

    def test_sends_one_id_and_one_sequencer(self):
        source = inspect.getsource(s3_events.moto_send)
        assert "617f08299329d189" in source
        assert "transform_input=False" in source

    def test_sends_two_events_for_a_multipart_upload(self):
        source = inspect.getsource(models.S3Backend.complete_multipart_upload)
        call = source[source.index("self.put_object(") : source.index("key.set_metadata")]
        assert "disable_notification" not in call
        assert "send_event" in source

    def test_raises_at_targets_it_does_not_know(self):
        source = inspect.getsource(event_delivery.moto_send_to_targets)
        assert "NotImplementedError" in source
        assert "sns" not in source
        assert "DeadLetterConfig" not in source

    def test_evaluates_policies_without_conditions(self):
        assert "condition" not in inspect.getsource(bucket_policies.moto_permission).lower()

    def test_delivers_to_functions_by_itself(self):
        assert "lambda_event_source_mappings" in inspect.getsource(event_source_delivery.moto_create)

    def test_still_calls_the_functions_that_are_replaced(self):
        assert "_send_event_bridge_message(account_id, bucket, event_name, key)" in inspect.getsource(
            notifications.send_event
        )
        assert "send_to_targets" in inspect.getsource(__import__("moto.events.models", fromlist=["x"]))
        assert Rule.send_to_targets is not event_delivery.moto_send_to_targets
