"""What PutRecords takes: its limits, and entries cut into requests that keep to them.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

MAX_RECORDS = 500
MAX_REQUEST_BYTES = 5_000_000
# Unless a stream allows more: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
MAX_RECORD_BYTES = 1_048_576


class Sized(Protocol):
    """An entry that knows how many bytes of a request it takes."""

    @property
    def size_bytes(self) -> int: ...


Entry = TypeVar("Entry", bound=Sized)


def portions(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in order, as many at once as one request takes."""
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        if portion and (len(portion) == MAX_RECORDS or size + entry.size_bytes > MAX_REQUEST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += entry.size_bytes
    if portion:
        yield portion
