"""The ledger: receipts of what was read from the stream, records of what each batch made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum


class BatchStatus(StrEnum):
    """How far a batch came; `committed` means its rows are visible, `published` that they were sent on.

    A `quarantined` batch failed its expectations and waits for a decision. `released` means that another batch runs
    its raw objects again and accounts for them, `quarantine_rejected` that they stay away from the table.
    """

    RUNNING = "running"
    COMMITTED = "committed"
    PUBLISHED = "published"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    QUARANTINE_REJECTED = "quarantine_rejected"
    RELEASED = "released"


VISIBLE = frozenset({BatchStatus.COMMITTED, BatchStatus.PUBLISHED})
KEPT_BACK = frozenset({BatchStatus.QUARANTINED, BatchStatus.QUARANTINE_REJECTED})
# The sums count what became of the lines of these batches; lines of the others are still to be judged.
ACCOUNTED = VISIBLE | KEPT_BACK
HOLDING = ACCOUNTED | {BatchStatus.RUNNING}


@dataclass(frozen=True)
class IngestionReceipt:
    """One delivery of the stream to ingestion: events = lines + rejected. Says nothing of the clock it ran at.

    A record of the stream carries one event, or several where a producer batches or aggregates them; a record that
    never reached ingestion counts as one.
    """

    stream: str
    shard: str
    first_sequence: str
    last_sequence: str
    first_arrival_time: str
    last_arrival_time: str
    records: int
    events: int
    lines: int
    rejected: int
    rejects_by_reason: dict[str, int]
    raw_key: str | None


@dataclass(frozen=True)
class BatchRecord:
    """One batch: raw_lines = rows + redelivered + repeated + rejected + quarantined, once it is committed or kept back.

    A batch is kept back whole: all its lines are `quarantined`, and `failed_expectations` are why. `decisions` are
    what people decided on it since, `release` is the decision that this batch itself runs by.

    Once it is published, rows = published + switched_off + publish_failures + deleted_unsent: sent downstream, of a
    type whose contract says `x-publish: false`, taken by no attempt (the first of them in `unsent_events`), or deleted
    from the table before.
    redelivered: the same position was a row already; repeated: the same source and id came from another position.
    Enrichment misses are counted by enrichment and reason (`geo.private`), sources are versions by enrichment.
    Times are RFC 3339 UTC, `raw_objects` are {"key", "version"} of the raw bucket.
    """

    batch_id: str
    batch_date: str
    status: str
    started_at: str
    recorded_at: str
    attempt: int
    raw_objects: list[dict]
    raw_lines: int
    rows: int = 0
    rows_by_type: dict[str, int] = field(default_factory=dict)
    redelivered: int = 0
    repeated: int = 0
    rejected: int = 0
    rejects_by_reason: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    late_rows: int = 0
    identity_conflicts: int = 0
    published: int = 0
    switched_off: int = 0
    publish_failures: int = 0
    deleted_unsent: int = 0
    unsent_events: list[dict] = field(default_factory=list)
    enrichment_misses: dict[str, int] = field(default_factory=dict)
    enrichment_sources: dict[str, str] = field(default_factory=dict)
    snapshot_id: str | None = None
    report_uri: str | None = None
    contract_versions: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    cause: str | None = None
    failed_expectations: list[str] = field(default_factory=list)
    quarantine_uri: str | None = None
    release: dict | None = None
    decisions: list[dict] = field(default_factory=list)

    @property
    def imbalance(self) -> int:
        """Lines that became neither a row, a duplicate, a reject nor quarantined; 0 in a sound batch."""
        accounted = self.rows + self.redelivered + self.repeated + self.rejected + self.quarantined
        return self.raw_lines - accounted

    @property
    def unsent(self) -> int:
        """Rows that stay away from the downstream stream, and are known to."""
        return self.switched_off + self.publish_failures + self.deleted_unsent


@dataclass(frozen=True)
class Balance:
    """The three sums over the whole ledger, and what they are made of; `sendable` are rows of published batches."""

    records: int
    events: int
    raw_lines: int
    ingestion_rejects: int
    batched_lines: int
    rows: int
    redelivered: int
    repeated: int
    transform_rejects: int
    quarantined: int
    sendable: int
    published: int
    switched_off: int
    publish_failures: int
    deleted_unsent: int
    rejects_by_reason: dict[str, int]

    @property
    def duplicates(self) -> int:
        return self.redelivered + self.repeated

    @property
    def is_balanced(self) -> bool:
        """An event read is a raw line or a reject; a batched line is a row, a duplicate, a reject or quarantined.

        A row of a published batch was sent, or is counted by why it was not.
        """
        read = self.events == self.raw_lines + self.ingestion_rejects
        made = self.batched_lines == self.rows + self.duplicates + self.transform_rejects + self.quarantined
        sent = self.sendable == self.published + self.switched_off + self.publish_failures + self.deleted_unsent
        return read and made and sent


def balance(receipts: list[IngestionReceipt], batches: list[BatchRecord]) -> Balance:
    """The sums over receipts and batches that are visible or kept back."""
    told = [batch for batch in batches if batch.status in ACCOUNTED]
    published = [batch for batch in told if batch.status == BatchStatus.PUBLISHED]
    reasons: Counter[str] = Counter()
    for record in [*receipts, *told]:
        reasons.update(record.rejects_by_reason)
    return Balance(
        records=sum(r.records for r in receipts),
        events=sum(r.events for r in receipts),
        raw_lines=sum(r.lines for r in receipts),
        ingestion_rejects=sum(r.rejected for r in receipts),
        batched_lines=sum(b.raw_lines for b in told),
        rows=sum(b.rows for b in told),
        redelivered=sum(b.redelivered for b in told),
        repeated=sum(b.repeated for b in told),
        transform_rejects=sum(b.rejected for b in told),
        quarantined=sum(b.quarantined for b in told),
        sendable=sum(b.rows for b in published),
        published=sum(b.published for b in published),
        switched_off=sum(b.switched_off for b in published),
        publish_failures=sum(b.publish_failures for b in published),
        deleted_unsent=sum(b.deleted_unsent for b in published),
        rejects_by_reason=dict(sorted(reasons.items())),
    )


def to_document(record: IngestionReceipt | BatchRecord) -> dict:
    """A record as JSON; the partition's value is in the key, not in the document."""
    return asdict(record)


def from_document(kind: type, document: dict):
    """A record from JSON; members of a later version are passed over."""
    known = {f.name for f in fields(kind)}
    return kind(**{name: value for name, value in document.items() if name in known})
