"""The front answers what it knows itself and hands the rest to moto."""

import json
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from local.front import HEALTH_PATH, AwsError
from local.server import Server


def test_what_nobody_registered_for_is_motos(server: Server):
    s3 = server.front.client("s3")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="plain", Key="a b/é", Body=b"x" * 3_000_000)
    assert s3.get_object(Bucket="plain", Key="a b/é")["ContentLength"] == 3_000_000


def test_a_registered_target_is_answered_by_its_operation(server: Server):
    at = datetime(2026, 1, 2, tzinfo=UTC)
    server.front.json_target("AWSGlue.GetTrigger", lambda body: {"Trigger": {"Name": body["Name"]}, "At": at})
    assert server.front.client("glue").get_trigger(Name="mine")["Trigger"]["Name"] == "mine"


def test_a_refusal_reaches_the_client_as_awss_error(server: Server):
    def refuse(body: dict) -> dict:
        raise AwsError("ConcurrentModificationException", "somebody was faster")

    server.front.json_target("AWSGlue.GetCrawler", refuse)
    with pytest.raises(ClientError) as caught:
        server.front.client("glue").get_crawler(Name="mine")
    assert caught.value.response["Error"] == {
        "Code": "ConcurrentModificationException",
        "Message": "somebody was faster",
    }


def test_an_error_of_moto_behind_an_operation_is_the_callers_error(server: Server):
    server.front.json_target("AWSGlue.GetClassifier", lambda body: server.front.client("glue").get_job(JobName="no"))
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        server.front.client("glue").get_classifier(Name="mine")


def test_a_fault_of_an_operation_is_an_internal_failure_that_is_logged(server: Server, caplog):
    server.front.json_target("AWSGlue.GetConnection", lambda body: {}["missing"])
    with pytest.raises(ClientError, match=r"InternalFailure.*KeyError: 'missing'"):
        server.front.client("glue").get_connection(Name="mine")
    assert "AWSGlue.GetConnection failed" in caplog.text


def test_an_operation_may_call_through_to_moto(server: Server):
    front = server.front
    front.client("glue").create_database(DatabaseInput={"Name": "known"})
    is_get_database = lambda request: request.headers.get("X-Amz-Target") == "AWSGlue.GetDatabase"  # noqa: E731

    def with_description(request):
        answer = front.forward(request)
        told = json.loads(answer.get_data())
        told["Database"]["Description"] = "seen by the front"
        answer.set_data(json.dumps(told))
        return answer

    front.route(is_get_database, with_description)
    assert front.client("glue").get_database(Name="known")["Database"]["Description"] == "seen by the front"


def test_it_tells_that_it_is_ready(server: Server):
    with urlopen(server.url + HEALTH_PATH) as answer:
        assert json.load(answer)["status"] == "ready"


def test_a_broken_body_is_an_error_and_not_the_end(server: Server):
    server.front.json_target("AWSGlue.GetWorkflow", lambda body: body)
    broken = HttpRequest(server.url, data=b"{", headers={"X-Amz-Target": "AWSGlue.GetWorkflow"})
    with pytest.raises(HTTPError, match="500"):
        urlopen(broken)
