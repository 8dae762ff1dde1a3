"""Backfills: partitions computed again from the raw zone, and what the ledger says of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from lake.batch_outcome import Outcome
from lake.ledger import VISIBLE, BatchRecord, BatchStatus
from lake.manifest import Manifest


@dataclass(frozen=True)
class Scope:
    """Partitions: these event types, on these event dates (YYYY-MM-DD, both included)."""

    from_date: str
    to_date: str
    event_types: list[str]

    @property
    def spans(self) -> dict[str, tuple[str, str]]:
        """The event times of the partitions, by type."""
        days = (f"{self.from_date}T00:00:00.000000Z", f"{self.to_date}T23:59:59.999999Z")
        return dict.fromkeys(self.event_types, days)

    def may_be_in(self, types: Mapping[str, list] | None) -> bool:
        """Whether a raw object with these time spans may hold events of the partitions; one without spans may."""
        if types is None:
            return True
        met = (types[name] for name in self.event_types if name in types)
        return any(earliest[:10] <= self.to_date and latest[:10] >= self.from_date for _, earliest, latest in met)


@dataclass(frozen=True)
class Request:
    """What a backfill reads, as it was planned; `batch_ids` are the batches whose raw objects these are."""

    backfill_id: str
    scope: Scope
    allow_rejects: bool
    batch_ids: list[str]
    objects: list[dict]

    @classmethod
    def from_document(cls, document: dict) -> Request:
        return cls(**document | {"scope": Scope(**document["scope"])})


@dataclass(frozen=True)
class Holding:
    """Batches, and the keys of all raw objects that they hold."""

    batch_ids: list[str]
    keys: list[str]


def holding(batches: Iterable[BatchRecord], wanted: Collection[str]) -> Holding:
    """The visible batches that hold any of the objects, with all they hold.

    An object that no visible batch holds is left to the batch that will: it is that batch's to publish. And what was
    a repetition within a batch is one again only beside the object that it repeated.
    """
    visible = [batch for batch in batches if batch.status in VISIBLE]
    keys = {batch.batch_id: {entry["key"] for entry in batch.raw_objects} for batch in visible}
    met = {batch_id: held for batch_id, held in keys.items() if held & set(wanted)}
    return Holding(sorted(met), sorted(set().union(*met.values())))


@dataclass(frozen=True)
class BackfillRecord:
    """One backfill: `rows_before` rows of the scope were replaced by `rows`. Neither counts in the balance of batches.

    `rejected_rows` were rows and are rejects now; `rejected` are all refused lines that were read, most of them
    rejects already. Times are RFC 3339 UTC.
    """

    backfill_id: str
    backfill_date: str
    status: str
    started_at: str
    recorded_at: str
    from_date: str
    to_date: str
    event_types: list[str]
    raw_objects: int
    raw_lines: int
    rows_before: int
    rows: int = 0
    rows_by_type: dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    rejected_rows: int = 0
    snapshot_id: str | None = None
    report_uri: str | None = None
    contract_versions: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    cause: str | None = None


def running_backfill(manifest: Manifest, recorded_at: str) -> BackfillRecord:
    """The record of a backfill that has its manifest and has replaced nothing yet."""
    wanted = manifest.replaces
    return BackfillRecord(
        backfill_id=manifest.batch_id,
        backfill_date=manifest.batch_date,
        status=str(BatchStatus.RUNNING),
        started_at=manifest.started_at,
        recorded_at=recorded_at,
        from_date=wanted.from_date,
        to_date=wanted.to_date,
        event_types=wanted.event_types,
        raw_objects=len(manifest.raw_objects),
        raw_lines=manifest.raw_lines,
        rows_before=wanted.rows,
    )


def backfill_outcome(
    outcome: Outcome, documents: Mapping[str, dict], contract_versions: dict[str, str]
) -> BackfillRecord:
    """The record of a backfill that has ended, out of what its steps left."""
    transform, commit = documents.get("transform", {}), documents.get("commit", {})
    # An execution may fail after its commit: the partitions are replaced all the same.
    status = BatchStatus.COMMITTED if commit else outcome.status
    return replace(
        running_backfill(Manifest.from_document(documents["manifest"]), outcome.recorded_at),
        status=str(status),
        rows=commit.get("rows", 0),
        rows_by_type=commit.get("rows_by_type", {}),
        rejected=transform.get("rejected", 0),
        rejected_rows=transform.get("rejected_rows", 0),
        snapshot_id=commit.get("snapshot_id"),
        report_uri=documents.get("validation", {}).get("report_uri"),
        contract_versions=contract_versions,
        error=outcome.error,
        cause=outcome.cause,
    )
