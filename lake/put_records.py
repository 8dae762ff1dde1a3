"""What PutRecords takes, and records sent until each one is taken.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

MAX_RECORDS = 500
MAX_REQUEST_BYTES = 5_000_000
# Unless a stream allows more: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
MAX_RECORD_BYTES = 1_048_576
MAX_PARTITION_KEY_CHARACTERS = 256
# What a single record is refused with for a reason other than the stream's capacity.
RECORD_FAILED = "InternalFailure"


class Sized(Protocol):
    """An entry that knows how many bytes of a request it takes."""

    @property
    def size_bytes(self) -> int: ...


Entry = TypeVar("Entry", bound=Sized)
# Calls PutRecords; a result per record in the order of the request, with an ErrorCode where it was refused.
Put = Callable[[list[Entry]], list[dict]]
Taken = Callable[[Entry, dict], None]


@dataclass(frozen=True)
class Backoff:
    """Exponential with full jitter: each pause is a random part of the longest one allowed; `jitter` gives 0 to 1."""

    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    attempts: int = 10
    first_seconds: float = 0.1
    longest_seconds: float = 10.0

    def pause(self, attempt: int) -> None:
        """Pause after an attempt (counted from 0)."""
        self.sleep(self.jitter() * min(self.longest_seconds, self.first_seconds * 2**attempt))


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


def send(request: list[Entry], put: Put, backoff: Backoff, taken: Taken | None = None) -> list[tuple[Entry, str]]:
    """Send what was refused again, until all is taken or so many attempts in a row took nothing.

    Returns the entries that are left, with the last error code of each. As long as a busy stream takes some of them,
    it is not given up.
    """
    attempt = in_vain = 0
    while True:
        refused = _refused(request, put(request), taken)
        in_vain = in_vain + 1 if len(refused) == len(request) else 0
        if not refused or in_vain == backoff.attempts:
            return refused
        backoff.pause(attempt)
        attempt += 1
        request = [entry for entry, _ in refused]


def _refused(request: list[Entry], results: list[dict], taken: Taken | None) -> list[tuple[Entry, str]]:
    refused = []
    for entry, result in zip(request, results, strict=True):
        if code := result.get("ErrorCode"):
            refused.append((entry, code))
        elif taken:
            taken(entry, result)
    return refused
