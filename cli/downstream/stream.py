"""The downstream stream, read as any consumer reads it: all shards, those that come later too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

# GetRecords may give nothing though there is more; a shard is read to its end when it says so twice in a row.
QUIET_READS = 2
PAUSE_SECONDS = 0.25
# Shards that a split or a merge has made are looked for this often; one that ends is followed at once.
LOOK_SECONDS = 10.0


@dataclass
class Shard:
    """How far a shard is read."""

    name: str
    iterator: str | None
    sequence: str = ""
    quiet: int = 0


class Follower:
    """Reads a stream from a time on; each record once, in the order of its shard."""

    def __init__(self, kinesis: Any, stream: str, since: datetime, clock: Callable[[], float] = time.monotonic) -> None:
        self._kinesis, self._stream, self._since, self._clock = kinesis, stream, since, clock
        self._shards: dict[str, Shard] = {}
        self._look_at = 0.0

    @property
    def is_at_end(self) -> bool:
        """Whether everything that was there is read."""
        is_known = self._look_at > 0
        return is_known and all(shard.iterator is None or shard.quiet >= QUIET_READS for shard in self._shards.values())

    def read(self) -> Iterator[dict]:
        """What has come since the last time, shard by shard."""
        if self._clock() >= self._look_at:
            self._find_shards()
        for shard in [s for s in self._shards.values() if s.iterator]:
            # The iterator's time is in whole seconds.
            yield from (r for r in self._read(shard) if r["ApproximateArrivalTimestamp"] >= self._since)

    def _find_shards(self) -> None:
        self._look_at = self._clock() + LOOK_SECONDS
        for page in self._kinesis.get_paginator("list_shards").paginate(StreamName=self._stream):
            for found in page["Shards"]:
                name = found["ShardId"]
                if name not in self._shards and self._is_next(found):
                    self._shards[name] = Shard(name, self._iterator(name))

    def _is_next(self, found: dict) -> bool:
        """Whether the shards that it goes on from are read; theirs come before its own."""
        parents = (self._shards.get(found.get(name, "")) for name in ("ParentShardId", "AdjacentParentShardId"))
        return not any(parent and parent.iterator for parent in parents)

    def _read(self, shard: Shard) -> list[dict]:
        try:
            answer = self._kinesis.get_records(ShardIterator=shard.iterator, Limit=10_000)
        except self._kinesis.exceptions.ExpiredIteratorException:
            shard.iterator = self._iterator(shard.name, shard.sequence)
            return []
        records, shard.iterator = answer["Records"], answer.get("NextShardIterator")
        if records:
            shard.sequence = records[-1]["SequenceNumber"]
        is_quiet = not records and not answer.get("MillisBehindLatest")
        shard.quiet = shard.quiet + 1 if is_quiet else 0
        if shard.iterator is None:
            self._look_at = 0.0
        return records

    def _iterator(self, shard: str, after: str = "") -> str:
        place = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
            if after
            else {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self._since}
        )
        return self._kinesis.get_shard_iterator(StreamName=self._stream, ShardId=shard, **place)["ShardIterator"]


def downstream_records(kinesis: Any, stream: str, since: datetime, follow: bool = False) -> Iterator[bytes]:
    """Data of the records that arrived since a time; with `follow` also of those to come."""
    follower = Follower(kinesis, stream, since)
    while True:
        is_empty = True
        for record in follower.read():
            is_empty = False
            yield record["Data"]
        if is_empty and follower.is_at_end and not follow:
            return
        if is_empty:
            time.sleep(PAUSE_SECONDS)


def downstream_events(kinesis: Any, stream: str, since: datetime) -> Iterator[dict]:
    """Events that arrived since a time."""
    return map(orjson.loads, downstream_records(kinesis, stream, since))


def identities(events: Iterator[dict], batch_ids: list[str]) -> tuple[int, set[tuple[str, str]]]:
    """Records of these batches, and the distinct events among them: delivery is at least once."""
    found = [(event["source"], event["id"]) for event in events if event.get("batchid") in batch_ids]
    return len(found), set(found)
