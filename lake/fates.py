"""Fates: what people decided on a reject. A reject without one is open; a reject itself is never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

import orjson

from lake.ledger import from_document


class Fate(StrEnum):
    """Replayed as it was, replayed as a fix made it, or given up; `open` is what nobody decided on yet."""

    OPEN = "open"
    REPLAYED = "replayed"
    FIXED = "fixed"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class RejectFate:
    """One decision. Times are RFC 3339 UTC; the place is where the record was sent to, null if it was not sent."""

    reject_id: str
    fate: str
    fate_time: str
    decided_by: str
    because: str
    stream: str | None = None
    shard: str | None = None
    sequence: str | None = None


def as_lines(fates: Iterable[RejectFate]) -> list[bytes]:
    """Lines of a document of the ledger: the same fates give the same bytes."""
    return [orjson.dumps(asdict(fate)) for fate in fates]


def read_line(line: bytes) -> RejectFate:
    """A fate from its line."""
    return from_document(RejectFate, orjson.loads(line))


def latest(fates: Iterable[RejectFate]) -> dict[str, RejectFate]:
    """The last decision on each reject: a replay that was repeated after a crash decides twice."""
    return {fate.reject_id: fate for fate in sorted(fates, key=lambda fate: fate.fate_time)}
