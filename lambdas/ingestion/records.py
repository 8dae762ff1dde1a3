"""Records of a Kinesis event source mapping: their bytes and where they came from.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pybase64

from lake.positions import Position


def read_records(event: dict) -> Iterator[tuple[bytes, Position]]:
    """Each record of the delivery with its position, in the order of the shard."""
    for record in event["Records"]:
        yield pybase64.b64decode(record["kinesis"]["data"]), read_position(record)


def read_position(record: dict) -> Position:
    """Where the record lies in its stream."""
    kinesis = record["kinesis"]
    stream = record["eventSourceARN"].rpartition("/")[2]
    shard = record["eventID"].partition(":")[0]
    # Rounded to microseconds, a float of milliseconds is exact.
    arrival_time = datetime.fromtimestamp(kinesis["approximateArrivalTimestamp"], UTC)
    return Position(stream, shard, kinesis["sequenceNumber"], 0, arrival_time)
