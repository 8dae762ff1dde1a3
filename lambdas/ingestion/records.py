"""Records of a Kinesis event source mapping: payloads and where they came from.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lake.positions import Position

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_payloads(event: dict) -> Iterator[tuple[bytes, Position]]:
    """Each payload of the delivery with its position, in the order of the shard."""
    for record in event["Records"]:
        yield base64.b64decode(record["kinesis"]["data"]), read_position(record)


def read_position(record: dict) -> Position:
    """Where the record lies in its stream."""
    kinesis = record["kinesis"]
    return Position(
        stream=record["eventSourceARN"].rpartition("/")[2],
        shard=record["eventID"].partition(":")[0],
        sequence=kinesis["sequenceNumber"],
        sub_sequence=0,
        arrival_time=EPOCH + timedelta(milliseconds=round(kinesis["approximateArrivalTimestamp"] * 1000)),
    )
