"""Rejects read back from the error zone: which of them are wanted, and the event that each was."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson

from lake.positions import Position
from lake.rejects import Stage

NO_TYPE = "-"
ALL: frozenset[str] = frozenset()


@dataclass(frozen=True)
class StoredReject:
    """One reject as it lies in the error zone; `original` is the record, of the transform the raw line."""

    reject_id: str
    stage: str
    reason: str
    reject_date: str
    event_type: str | None
    found: str
    expected: str
    next_step: str
    position: Position
    batch_id: str | None
    original: bytes

    def event(self) -> bytes:
        """What a producer would send: the record as it came, or the CloudEvent that the raw line was made of."""
        return _cloud_event(self.original) if self.stage == Stage.TRANSFORM else self.original


@dataclass(frozen=True)
class Selection:
    """Which rejects: an empty set wants all. Dates are UTC days of arrival (YYYY-MM-DD), both included."""

    stages: frozenset[str] = ALL
    reasons: frozenset[str] = ALL
    event_types: frozenset[str] = ALL
    reject_ids: frozenset[str] = ALL
    first_date: str = ""
    last_date: str = "9999-12-31"

    def wants_partition(self, values: dict[str, str]) -> bool:
        """Whether rejects can be wanted that lie below folders of these values."""
        return (
            _is_among(values.get("stage"), self.stages)
            and _is_among(values.get("reason"), self.reasons)
            and self.first_date <= values.get("reject_date", self.last_date) <= self.last_date
        )

    def wants(self, reject: StoredReject) -> bool:
        """Whether a reject of a wanted partition is wanted itself."""
        event_type = reject.event_type or NO_TYPE
        return _is_among(event_type, self.event_types) and _is_among(reject.reject_id, self.reject_ids)


def _is_among(value: str | None, chosen: Collection[str]) -> bool:
    return value is None or not chosen or value in chosen


def read_line(line: bytes, partition: dict[str, str]) -> StoredReject:
    """A reject from its line and the values of its folders."""
    document = orjson.loads(line)
    arrival_time = datetime.fromisoformat(document["arrival_time"])
    place = (document[name] for name in ("stream", "shard", "sequence", "sub_sequence"))
    return StoredReject(
        reject_id=document["reject_id"],
        stage=partition["stage"],
        reason=partition["reason"],
        reject_date=partition["reject_date"],
        event_type=document["event_type"],
        found=document["found"],
        expected=document["expected"],
        next_step=document["next_step"],
        position=Position(*place, arrival_time),
        batch_id=document["batch_id"],
        original=base64.b64decode(document["original_base64"]),
    )


def counted(rejects: Iterable[StoredReject], visible_batches: Collection[str]) -> Iterator[StoredReject]:
    """Each reject once, however many objects hold it; without those of batches that never became visible.

    The lines of such a batch were, or will be, judged again by another one.
    """
    seen: set[str] = set()
    for reject in rejects:
        is_judged_elsewhere = reject.batch_id is not None and reject.batch_id not in visible_batches
        if not is_judged_elsewhere and reject.reject_id not in seen:
            seen.add(reject.reject_id)
            yield reject


def _cloud_event(line: bytes) -> bytes:
    """The event of a raw line; a line that holds none is left as it is."""
    try:
        document = orjson.loads(line)
        event = document["event"]
        return orjson.dumps({**event, "data": document["data"][event["type"]]})
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return line
