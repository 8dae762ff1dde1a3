"""What arrived on the downstream stream, by really reading it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

# GetRecords may give nothing though there is more; a shard is read to its end when it says so twice in a row.
QUIET_READS = 2
PAUSE_SECONDS = 0.25


def downstream_events(kinesis: Any, stream: str, since: datetime) -> Iterator[dict]:
    """Events that arrived since a time, shard by shard."""
    for page in kinesis.get_paginator("list_shards").paginate(StreamName=stream):
        for shard in page["Shards"]:
            for record in _records(kinesis, stream, shard["ShardId"], since):
                # The iterator's time is in whole seconds.
                if record["ApproximateArrivalTimestamp"] >= since:
                    yield orjson.loads(record["Data"])


def identities(events: Iterator[dict], batch_ids: list[str]) -> tuple[int, set[tuple[str, str]]]:
    """Records of these batches, and the distinct events among them: delivery is at least once."""
    found = [(event["source"], event["id"]) for event in events if event.get("batchid") in batch_ids]
    return len(found), set(found)


def _records(kinesis: Any, stream: str, shard: str, since: datetime) -> Iterator[dict]:
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType="AT_TIMESTAMP", Timestamp=since
    )["ShardIterator"]
    quiet = 0
    while iterator and quiet < QUIET_READS:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        yield from answer["Records"]
        iterator = answer.get("NextShardIterator")
        is_at_end = not answer["Records"] and not answer.get("MillisBehindLatest")
        quiet = quiet + 1 if is_at_end else 0
        if not answer["Records"]:
            time.sleep(PAUSE_SECONDS)
