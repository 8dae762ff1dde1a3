"""Operations that moto lacks, and mappings that it must not follow."""

import inspect
import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import backends
from moto.athena.responses import AthenaResponse
from moto.cloudwatch import responses
from moto.kinesis.models import kinesis_backends
from moto.sqs.models import Queue

from local.mends import lambda_settings, module_listing, queue_policies

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/s"


def test_a_composite_alarm_is_kept(front):
    client = front.client("cloudwatch")
    client.put_composite_alarm(AlarmName="any", AlarmRule='ALARM("a") OR ALARM("b")')
    (alarm,) = client.describe_alarms(AlarmNames=["any"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert alarm["AlarmRule"] == 'ALARM("a") OR ALARM("b")'


def test_a_named_query_can_be_changed_and_deleted(front):
    athena = front.client("athena")
    query = athena.create_named_query(Name="q", Database="d", QueryString="select 1")["NamedQueryId"]
    athena.update_named_query(NamedQueryId=query, Name="q", QueryString="select 2")
    assert athena.get_named_query(NamedQueryId=query)["NamedQuery"]["QueryString"] == "select 2"
    batch = athena.batch_get_named_query(NamedQueryIds=[query, "none"])
    assert [found["Name"] for found in batch["NamedQueries"]] == ["q"]
    assert [missing["NamedQueryId"] for missing in batch["UnprocessedNamedQueryIds"]] == ["none"]
    athena.delete_named_query(NamedQueryId=query)
    with pytest.raises(ClientError, match="NamedQuery none was not found"):
        athena.get_named_query(NamedQueryId="none")
    with pytest.raises(ClientError, match="was not found"):
        athena.delete_named_query(NamedQueryId=query)


def test_a_mapping_is_listed_but_not_followed(front):
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = front.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    front.client("kinesis").create_stream(StreamName="s", ShardCount=1)
    function = {"FunctionName": "f", "PackageType": "Image", "Code": {"ImageUri": "i:1"}, "Role": role}
    front.client("lambda").create_function(**function)
    settings = {"StartingPosition": "TRIM_HORIZON", "MaximumRetryAttempts": 3, "BisectBatchOnFunctionError": True}
    mapping = front.client("lambda").create_event_source_mapping(EventSourceArn=STREAM, FunctionName="f", **settings)
    (listed,) = front.client("lambda").list_event_source_mappings(FunctionName="f")["EventSourceMappings"]
    assert (listed["UUID"], listed["MaximumRetryAttempts"]) == (mapping["UUID"], 3)
    assert not kinesis_backends["123456789012"]["eu-west-1"].streams["s"].lambda_event_source_mappings
    front.client("kinesis").put_record(StreamName="s", Data=b"1", PartitionKey="p")


def test_settings_of_a_function_are_kept_and_updated(front):
    client, arn = front.client("lambda"), "arn:aws:sqs:eu-west-1:123456789012:dead"
    client.update_function_configuration(
        FunctionName="f",
        ImageConfig={"Command": ["lambdas.commit.app.handler"]},
        LoggingConfig={"LogGroup": "/own"},
        DeadLetterConfig={"TargetArn": arn},
    )
    found = client.get_function_configuration(FunctionName="f")
    assert found["ImageConfigResponse"]["ImageConfig"]["Command"] == ["lambdas.commit.app.handler"]
    assert (found["LoggingConfig"]["LogGroup"], found["DeadLetterConfig"]["TargetArn"]) == ("/own", arn)


def test_the_policy_of_a_queue_survives_other_changes(front):
    sqs, policy = front.client("sqs"), json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]})
    url = sqs.create_queue(QueueName="guarded", Attributes={"Policy": policy})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    assert "Policy" in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def head(front, user_agent):
    own = front.client("s3")
    key = front.client("kms").create_key()["KeyMetadata"]["Arn"]
    if not [b for b in own.list_buckets()["Buckets"] if b["Name"] == "renamed"]:
        own.create_bucket(Bucket="renamed", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    own.put_object(Bucket="renamed", Key="k", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    settings = Config(user_agent=user_agent, s3={"addressing_style": "path"})
    names = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
    client = boto3.client("s3", endpoint_url=front.url, config=settings, **names)
    return client.head_object(Bucket="renamed", Key="k")


def test_java_is_not_told_the_key_of_an_object(front):
    found = head(front, "Hadoop 3.3.4, aws-sdk-java/1.12.262")
    assert found["ServerSideEncryption"] == "aws:kms"
    assert "SSEKMSKeyId" not in found


def test_a_request_lists_no_folder(front, monkeypatch):
    monkeypatch.setattr(backends.os, "listdir", None)
    assert "Buckets" in front.client("s3").list_buckets()


class TestMotoItself:
    """Each of these fails when moto no longer needs the mend."""

    def test_lists_its_folder_whenever_it_is_asked(self, monkeypatch):
        monkeypatch.setattr(backends.os, "listdir", lambda path: ["s3"])
        assert list(module_listing.moto_listing()) == ["s3"]

    def test_tells_the_key_of_an_object_as_aws_does(self, front):
        assert "SSEKMSKeyId" in head(front, "curl/8")

    def test_has_no_update_deletion_or_batch_of_named_queries(self):
        assert not hasattr(AthenaResponse, "delete_named_query")
        assert not hasattr(AthenaResponse, "update_named_query")
        assert not hasattr(AthenaResponse, "batch_get_named_query")

    def test_has_no_put_composite_alarm_of_its_own(self):
        own = vars(responses.CloudWatchResponse)["put_composite_alarm"]
        assert own.__name__ == "put_metric_alarm"

    def test_has_no_place_for_logging_and_dead_letters(self):
        assert "LoggingConfig" not in inspect.getsource(lambda_settings.moto_init)
        assert "DeadLetterConfig" not in inspect.getsource(lambda_settings.moto_init)

    def test_does_not_update_the_image_command(self):
        assert "ImageConfig" not in inspect.getsource(lambda_settings.moto_update)

    def test_forgets_the_policy_of_a_queue(self):
        queue = Queue("q", "eu-west-1", "123456789012")
        queue_policies.moto_set(queue, {"Policy": '{"Statement": [{}]}'})
        queue_policies.moto_set(queue, {"VisibilityTimeout": "5"})
        assert queue.policy is None
