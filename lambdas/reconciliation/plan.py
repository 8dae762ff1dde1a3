"""What must be done so that every raw object ends up in a batch and every batch downstream."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from lake.ledger import BatchRecord, BatchStatus
from lambdas.reconciliation.names import republish_suffix


@dataclass(frozen=True)
class RawVersion:
    """The current version of a raw object."""

    bucket: str
    key: str
    version: str
    size: int
    last_modified: datetime

    @property
    def identity(self) -> tuple[str, str]:
        return self.key, self.version

    def as_input(self) -> dict:
        """The object as the state machine takes it."""
        return {"bucket": self.bucket, "key": self.key, "version": self.version, "size": self.size}


@dataclass(frozen=True)
class Limits:
    """When to act, and how much at once (an execution's input may have 256 KiB)."""

    settle: timedelta
    max_attempts: int
    objects_per_batch: int = 1000
    input_bytes: int = 200_000


@dataclass(frozen=True)
class StartBatch:
    """Objects that no batch holds go into a new one; by the release that they were running by, if by one."""

    objects: tuple[RawVersion, ...]
    attempt: int
    release: dict | None = None


@dataclass(frozen=True)
class RecordCommitted:
    """The rows are visible, though the execution died before it could say so."""

    batch_id: str


@dataclass(frozen=True)
class RecordFailed:
    """The execution died before its commit."""

    batch_id: str


@dataclass(frozen=True)
class Republish:
    """The rows are visible and nobody is sending them."""

    batch_id: str


@dataclass(frozen=True)
class GiveUp:
    """Objects that failed too often; a person must look."""

    objects: tuple[RawVersion, ...]


Action = StartBatch | RecordCommitted | RecordFailed | Republish | GiveUp


def suspects(batches: Iterable[BatchRecord], executing: Collection[str], now: datetime, limits: Limits) -> list[str]:
    """Batches whose rows may be visible against what the ledger says: failed ones, and those that died running."""
    failed = [b.batch_id for b in batches if b.status == BatchStatus.FAILED]
    return failed + [b.batch_id for b in batches if _is_dead(b, BatchStatus.RUNNING, executing, now, limits)]


def plan(
    objects: Iterable[RawVersion],
    batches: list[BatchRecord],
    executing: Collection[str],
    visible: Collection[str],
    now: datetime,
    limits: Limits,
) -> list[Action]:
    """Actions in the order to take them; `executing` are names of running executions, `visible` suspects with rows."""
    ended = {b.batch_id for b in batches if _is_dead(b, BatchStatus.RUNNING, executing, now, limits)}
    lost = ended - set(visible)
    committed = {b.batch_id for b in batches if _is_dead(b, BatchStatus.COMMITTED, executing, now, limits)}
    unsent = [b for b in sorted(committed | set(visible)) if not _is_republished(b, executing)]
    failed = [b for b in batches if b.batch_id in lost or _has_failed(b, visible)]
    holding = [b for b in batches if b not in failed and b.status != BatchStatus.RELEASED]
    return [
        *map(RecordFailed, sorted(lost)),
        *map(RecordCommitted, sorted(visible)),
        *map(Republish, unsent),
        *_starts(_free(objects, holding, now, limits), failed, limits),
    ]


def _is_dead(batch: BatchRecord, status: str, executing: Collection[str], now: datetime, limits: Limits) -> bool:
    # Step Functions lists executions with some delay, so a young record says nothing.
    has_settled = datetime.fromisoformat(batch.recorded_at) <= now - limits.settle
    return batch.status == status and batch.batch_id not in executing and has_settled


def _has_failed(batch: BatchRecord, visible: Collection[str]) -> bool:
    return batch.status == BatchStatus.FAILED and batch.batch_id not in visible


def _is_republished(batch_id: str, executing: Collection[str]) -> bool:
    return any(name.endswith(republish_suffix(batch_id)) for name in executing)


def _free(objects: Iterable[RawVersion], holding: list[BatchRecord], now: datetime, limits: Limits) -> list[RawVersion]:
    held = {identity for batch in holding for identity in _held_by(batch)}
    settled = (o for o in objects if o.last_modified <= now - limits.settle)
    return sorted((o for o in settled if o.identity not in held), key=lambda o: o.identity)


def _held_by(batch: BatchRecord) -> Iterator[tuple[str, str]]:
    # S3 calls the version of an object in a bucket without versions "null".
    return ((entry["key"], entry["version"] or "null") for entry in batch.raw_objects)


def _starts(free: list[RawVersion], failed: list[BatchRecord], limits: Limits) -> Iterator[Action]:
    history = _failures(failed)

    def tried(entry: RawVersion) -> tuple[str, int]:
        return history.get(entry.identity, ("", 0))

    by_history = sorted(free, key=lambda o: (tried(o)[1], tried(o)[0], o.identity))
    for (release, attempts), members in groupby(by_history, key=tried):
        if attempts >= limits.max_attempts:
            yield GiveUp(tuple(members))
        else:
            known = json.loads(release) if release else None
            yield from (StartBatch(portion, attempts + 1, known) for portion in _portions(members, limits))


def _failures(failed: list[BatchRecord]) -> dict[tuple[str, str], tuple[str, int]]:
    """How often each object failed, and by which release; what came before its release no longer counts."""
    history: dict[tuple[str, str], tuple[str, int]] = {}
    for batch in failed:
        tried = json.dumps(batch.release, sort_keys=True) if batch.release else "", batch.attempt
        for identity in _held_by(batch):
            history[identity] = max(history.get(identity, ("", 0)), tried)
    return history


def _portions(objects: Iterable[RawVersion], limits: Limits) -> Iterator[tuple[RawVersion, ...]]:
    portion: list[RawVersion] = []
    size = 0
    for entry in objects:
        entry_bytes = len(json.dumps(entry.as_input())) + 2
        if portion and (len(portion) == limits.objects_per_batch or size + entry_bytes > limits.input_bytes):
            yield tuple(portion)
            portion, size = [], 0
        portion.append(entry)
        size += entry_bytes
    if portion:
        yield tuple(portion)
