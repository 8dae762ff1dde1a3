"""Shards of Kinesis streams.

moto walks over all records of a shard to write one record and to read one page, so that time grows with the square
of what was sent; and two writers at once may be given the same sequence number, of which one record survives.
"""

import threading
from typing import Any

from moto.kinesis.models import Record, Shard

from local.front import Front

moto_put_record = Shard.put_record
moto_last_sequence = Shard.get_max_sequence_number
writing = threading.Lock()


def install(front: Front) -> None:
    """Number records one at a time, and read on from where the reader is."""
    Shard.get_max_sequence_number = last_sequence
    Shard.put_record = put_record
    Shard.get_records = get_records


def last_sequence(shard: Shard) -> int:
    """The newest record's number, 0 where there is none."""
    return next(reversed(shard.records), 0)


def put_record(shard: Shard, *arguments: Any, **options: Any) -> str:
    """One writer at a time."""
    with writing:
        return moto_put_record(shard, *arguments, **options)


def get_records(shard: Shard, last_sequence_id: str, limit: int | None) -> tuple[list[Record], int, int]:
    """The page after a sequence number: numbers of a shard follow each other without a gap."""
    first, newest = int(last_sequence_id) + 1, last_sequence(shard)
    last = newest if limit is None else min(newest, first + limit - 1)
    found = [shard.records[number] for number in range(first, last + 1)]
    if not found:
        return [], first - 1, 0
    behind_seconds = shard.records[newest].created_at - found[-1].created_at
    return found, last, int(behind_seconds * 1000)
