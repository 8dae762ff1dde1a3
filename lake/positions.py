"""Where an event came from: its place in the stream, which tells a redelivery from a repetition."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

# Sequence numbers have up to 56 digits; padded, their order as text is their order as numbers.
SEQUENCE_DIGITS = 56


class Position(NamedTuple):
    """One event's place; `sub_sequence` numbers the events of one record, `arrival_time` is when the stream took it.

    Arrival times are UTC, in milliseconds.
    """

    stream: str
    shard: str
    sequence: str
    sub_sequence: int
    arrival_time: datetime

    @property
    def arrival_date(self) -> str:
        """UTC date of arrival, YYYY-MM-DD."""
        return self.arrival_time.date().isoformat()

    def as_text(self) -> str:
        """`stream/shard/sequence/sub-sequence`, in text order along a shard."""
        return f"{self.record_text()}/{self.sub_sequence}"

    def record_text(self) -> str:
        """`stream/shard/sequence`: the record, whatever number of events it carries."""
        return f"{self.stream}/{self.shard}/{self.sequence:0>{SEQUENCE_DIGITS}}"

    def as_json(self) -> dict:
        """The position as it stands in raw lines and rejects."""
        return {
            "stream": self.stream,
            "shard": self.shard,
            "sequence": self.sequence,
            "sub_sequence": self.sub_sequence,
            "arrival_time": utc_text(self.arrival_time),
        }


def utc_text(time: datetime) -> str:
    """RFC 3339 in UTC with microseconds: 2026-11-22T10:00:00.000000Z."""
    utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    return f"{utc.isoformat(timespec='microseconds')[:26]}Z"
