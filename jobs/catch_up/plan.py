"""Which raw objects are announced anew, and how: as S3 announced them the first time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lake.layout import partition_date
from lake.ledger import HOLDING, BatchRecord

MESSAGES_A_REQUEST = (
    10  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
)


@dataclass(frozen=True)
class RawVersion:
    """The current version of a raw object, as S3's HEAD describes it."""

    bucket: str
    key: str
    version: str | None
    size: int
    last_modified: datetime

    def as_announcement(self) -> str:
        """The part of S3's event `Object Created` that the pipe reads."""
        described = {"key": self.key, "size": self.size, "version-id": self.version}
        return json.dumps({"detail": {"bucket": {"name": self.bucket}, "object": described}})


def earliest_date(keys: Iterable[str]) -> str:
    """The first day on which one of these objects arrived: no batch before it can hold one of them."""
    return min(map(partition_date, keys))


def without_held(keys: Iterable[str], batches: Iterable[BatchRecord]) -> list[str]:
    """Keys that no batch holds, whether it runs or is visible; those of failed batches are free."""
    held = {entry["key"] for batch in batches if batch.status in HOLDING for entry in batch.raw_objects}
    return sorted(set(keys) - held)


def settled(versions: Iterable[RawVersion], now: datetime, settle: timedelta) -> list[RawVersion]:
    """Those old enough that nobody else is about to take them up."""
    return [version for version in versions if version.last_modified <= now - settle]


def requests(versions: list[RawVersion]) -> Iterator[list[dict]]:
    """Entries of SendMessageBatch, as many at once as one request takes."""
    for start in range(0, len(versions), MESSAGES_A_REQUEST):
        portion = versions[start : start + MESSAGES_A_REQUEST]
        yield [{"Id": str(n), "MessageBody": version.as_announcement()} for n, version in enumerate(portion)]
