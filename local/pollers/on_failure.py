"""The on-failure destination of a stream mapping: a pointer for SQS and SNS, the payload too for S3.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.pollers.stream_failures import Attempt
from local.pollers.stream_records import ShardSource, lambda_event
from local.pollers.stream_settings import StreamSettings


@dataclass(frozen=True)
class LastAnswer:
    """What the function answered last to a batch that is given up; empty if it was never invoked."""

    request_id: str = ""
    executed_version: str = "$LATEST"
    function_error: str | None = None


def failure_document(
    attempt: Attempt, condition: str, answer: LastAnswer, settings: StreamSettings, shard: ShardSource, at: float
) -> dict[str, Any]:
    """The document AWS writes about `attempt`, without its payload."""
    context = {"statusCode": 200, "executedVersion": answer.executed_version}
    if answer.function_error:
        context["functionError"] = answer.function_error
    return {
        "requestContext": {
            "requestId": answer.request_id,
            "functionArn": settings.function_arn,
            "condition": condition,
            "approximateInvokeCount": attempt.invokes,
        },
        "responseContext": context,
        "version": "1.0",
        "timestamp": _iso(at),
        "KinesisBatchInfo": _batch_info(attempt, shard),
    }


def _batch_info(attempt: Attempt, shard: ShardSource) -> dict[str, Any]:
    first, last = attempt.records[0], attempt.records[-1]
    return {
        "shardId": shard.shard_id,
        "startSequenceNumber": first.sequence,
        "endSequenceNumber": last.sequence,
        "approximateArrivalOfFirstRecord": _iso(first.arrived_at),
        "approximateArrivalOfLastRecord": _iso(last.arrived_at),
        "batchSize": len(attempt.records),
        "streamArn": shard.stream_arn,
    }


def failure_key(mapping_uuid: str, shard_id: str, at: float, unique: str) -> str:
    """Where the document lies in an S3 destination."""
    time = datetime.fromtimestamp(at, UTC)
    return f"aws/lambda/{mapping_uuid}/{shard_id}/{time:%Y/%m/%d}/{time:%Y-%m-%dT%H.%M.%S}-{unique}"


def send_failure(client: Callable, destination: str, document: dict, attempt: Attempt, mapping_uuid: str) -> None:
    """Hand `document` to the destination; the records themselves only to S3."""
    service = destination.split(":")[2]
    if service == "s3":
        _put(client("s3"), destination, {**document, "payload": lambda_event(attempt.records).decode()}, mapping_uuid)
    elif service == "sqs":
        url = client("sqs").get_queue_url(QueueName=destination.rsplit(":", 1)[1])["QueueUrl"]
        client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(document))
    elif service == "sns":
        client("sns").publish(TopicArn=destination, Message=json.dumps(document))
    else:
        raise ValueError(f"on-failure destination {destination}: expected an S3, SQS or SNS ARN")


def _put(s3: Any, destination: str, document: dict, mapping_uuid: str) -> None:
    at = datetime.fromisoformat(document["timestamp"]).timestamp()
    shard_id = document["KinesisBatchInfo"]["shardId"]
    key = failure_key(mapping_uuid, shard_id, at, str(uuid.uuid4()))
    s3.put_object(Bucket=destination.split(":::")[1], Key=key, Body=json.dumps(document).encode())


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
