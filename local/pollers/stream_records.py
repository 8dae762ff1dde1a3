"""Kinesis records in the shape in which AWS hands them to a Lambda function.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson

from local.pollers.stream_settings import ENVELOPE


@dataclass(frozen=True)
class ShardSource:
    """What all records of a shard share in their events."""

    stream_arn: str
    shard_id: str
    invoke_identity_arn: str

    @cached_property
    def region(self) -> str:
        return self.stream_arn.split(":")[3]


@dataclass(frozen=True)
class WaitingRecord:
    """A record that was read and not yet delivered; `body` is its part of the Lambda event."""

    sequence: str
    arrived_at: float
    body: bytes


def waiting_record(record: dict, source: ShardSource) -> WaitingRecord:
    """One record of GetRecords's JSON as its part of the event; serialised once, however often it is retried."""
    arrived_at = round(record["ApproximateArrivalTimestamp"], 3)
    sequence = record["SequenceNumber"]
    body = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": sequence,
            "data": record["Data"],
            "approximateArrivalTimestamp": arrived_at,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{source.shard_id}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": source.invoke_identity_arn,
        "awsRegion": source.region,
        "eventSourceARN": source.stream_arn,
    }
    return WaitingRecord(sequence, arrived_at, orjson.dumps(body))


def lambda_event(records: Sequence[WaitingRecord]) -> bytes:
    """The payload that the function gets for `records`."""
    return ENVELOPE[0] + b",".join(record.body for record in records) + ENVELOPE[1]
