"""Quarantine: what people decide on a batch that failed its expectations."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from lake.ledger import BatchRecord, BatchStatus

RELEASED, REJECTED = "released", "rejected"


@dataclass(frozen=True)
class Decided:
    """Who decides, when (RFC 3339 UTC) and why."""

    because: str
    decided_by: str
    decided_at: str


@dataclass(frozen=True)
class Release:
    """The decision that a batch's raw objects run again; times are RFC 3339 UTC.

    `accepted` are ids of expectations that are reported and no longer stop it: any other stops it again.
    """

    batch_id: str
    batch_date: str
    accepted: list[str]
    because: str
    decided_by: str
    decided_at: str

    def as_document(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Decision:
    """One decision, in the record of the batch it is on; `released_as` is the batch that runs its raw objects."""

    decision: str
    decided_at: str
    decided_by: str
    because: str
    released_as: str | None = None


def is_waiting(record: BatchRecord) -> bool:
    """Whether nobody has decided on the batch."""
    return record.status == BatchStatus.QUARANTINED


def is_releasable(record: BatchRecord) -> bool:
    """Kept back, decided on or not; or a release of such a batch that failed on its way."""
    is_failed_release = record.status == BatchStatus.FAILED and record.release is not None
    return record.status in (BatchStatus.QUARANTINED, BatchStatus.QUARANTINE_REJECTED) or is_failed_release


def released(record: BatchRecord, release: Release, released_as: str) -> BatchRecord:
    """The record of a batch that another one runs again; the same release, run once more, replaces its decision."""
    decision = Decision(RELEASED, release.decided_at, release.decided_by, release.because, released_as)
    others = [d for d in record.decisions if (d["decision"], d["decided_at"]) != (RELEASED, release.decided_at)]
    return replace(record, status=str(BatchStatus.RELEASED), quarantined=0, decisions=[*others, asdict(decision)])


def rejected(record: BatchRecord, decided: Decided) -> BatchRecord:
    """The record of a batch whose lines stay away from the table."""
    decision = Decision(REJECTED, decided.decided_at, decided.decided_by, decided.because)
    return replace(record, status=str(BatchStatus.QUARANTINE_REJECTED), decisions=[*record.decisions, asdict(decision)])


def released_as(record: BatchRecord) -> str | None:
    """The batch that runs the raw objects of this one."""
    found = [decision["released_as"] for decision in record.decisions if decision["decision"] == RELEASED]
    return found[-1] if found else None
