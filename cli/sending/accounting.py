"""What became of the records that were sent, told by the ledger."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from lake.ledger import ACCOUNTED, KEPT_BACK, BatchRecord, BatchStatus, IngestionReceipt


@dataclass(frozen=True)
class Outcome:
    """Counts of one sending: sent = rows + duplicates + rejects + quarantined, where each record carried one event.

    `more_in_records` are events beside the first of records that carry several, `not_of_this_sending` those that
    others sent or that were read twice, `unsent` rows that are known to stay away from the downstream stream.
    """

    sent: int
    rows: int
    redelivered: int
    repeated: int
    rejects_by_reason: dict[str, int]
    rows_by_type: dict[str, int]
    late_rows: int
    published: int
    more_in_records: int
    not_of_this_sending: int
    batch_ids: list[str]
    report_uris: list[str]
    unsent: int = 0
    publish_failures: int = 0
    quarantined: int = 0

    @property
    def duplicates(self) -> int:
        return self.redelivered + self.repeated

    @property
    def rejects(self) -> int:
        return sum(self.rejects_by_reason.values())

    @property
    def unaccounted(self) -> int:
        """Lines that went in and came out nowhere; 0 in a sound sending."""
        went_in = self.sent + self.more_in_records + self.not_of_this_sending
        return went_in - self.rows - self.duplicates - self.rejects - self.quarantined

    def sum_in_words(self) -> str:
        """The sum, spelled out."""
        more = f" + {self.more_in_records:,} more events in them" if self.more_in_records else ""
        others = f" + {self.not_of_this_sending:,} of others or read again" if self.not_of_this_sending else ""
        kept_back = f" + {self.quarantined:,} quarantined" if self.quarantined else ""
        sign = "≠" if self.unaccounted else "="
        return (
            f"{self.sent:,} {'records' if more else 'lines'} in{more}{others} {sign} "
            f"{self.rows:,} rows + {self.duplicates:,} duplicates + {self.rejects:,} rejects{kept_back}"
        )

    def as_json(self) -> dict:
        return {
            "sent": self.sent,
            "rows": self.rows,
            "duplicates": self.duplicates,
            "redelivered": self.redelivered,
            "repeated": self.repeated,
            "rejects": self.rejects,
            "rejects_by_reason": self.rejects_by_reason,
            "quarantined": self.quarantined,
            "rows_by_type": self.rows_by_type,
            "late_rows": self.late_rows,
            "published": self.published,
            "unsent": self.unsent,
            "publish_failures": self.publish_failures,
            "more_in_records": self.more_in_records,
            "not_of_this_sending": self.not_of_this_sending,
            "unaccounted": self.unaccounted,
            "batch_ids": self.batch_ids,
            "report_uris": self.report_uris,
        }


@dataclass
class Account:
    """Sent records, the receipts that cover them and the batches that hold their raw objects."""

    sequences: dict[str, list[int]]
    receipts: list[IngestionReceipt] = field(default_factory=list)
    batches: list[BatchRecord] = field(default_factory=list)
    _is_read: dict[str, bytearray] = field(init=False)

    def __post_init__(self) -> None:
        self.sequences = {shard: sorted(sequences) for shard, sequences in self.sequences.items()}
        self._is_read = {shard: bytearray(len(sequences)) for shard, sequences in self.sequences.items()}

    @property
    def sent(self) -> int:
        return sum(map(len, self.sequences.values()))

    @property
    def read(self) -> int:
        """Sent records that a receipt covers."""
        return sum(flags.count(1) for flags in self._is_read.values())

    def concerns(self, shard: str, first: int, last: int) -> bool:
        """Whether a delivery from `first` to `last` holds a record that was sent."""
        sequences = self.sequences.get(shard, [])
        return bisect_left(sequences, first) < bisect_left(sequences, last + 1)

    def add_receipt(self, receipt: IngestionReceipt) -> None:
        """Note a delivery; one that holds none of the records is passed over."""
        first, last = int(receipt.first_sequence), int(receipt.last_sequence)
        if self.concerns(receipt.shard, first, last):
            sequences = self.sequences[receipt.shard]
            low, high = bisect_left(sequences, first), bisect_left(sequences, last + 1)
            self._is_read[receipt.shard][low:high] = b"\x01" * (high - low)
            self.receipts.append(receipt)

    @property
    def lines_by_key(self) -> dict[str, int]:
        """Lines of each raw object that holds sent records."""
        return {r.raw_key: r.lines for r in self.receipts if r.raw_key}

    def holding(self, statuses: frozenset[BatchStatus]) -> list[BatchRecord]:
        """Batches of these statuses that hold a raw object with sent records."""
        keys = self.lines_by_key.keys()
        return [b for b in self.batches if b.status in statuses and any(o["key"] in keys for o in b.raw_objects)]

    def open_keys(self, statuses: frozenset[BatchStatus]) -> set[str]:
        """Raw objects that no batch of these statuses holds."""
        held = {o["key"] for b in self.holding(statuses) for o in b.raw_objects}
        return self.lines_by_key.keys() - held

    def done(self, statuses: frozenset[BatchStatus]) -> int:
        """Sent records whose way is that far; rejects are done when they are read."""
        lines = self.lines_by_key
        return max(0, self.read - sum(lines[key] for key in self.open_keys(statuses)))

    @property
    def is_settled(self) -> bool:
        """Whether all that was sent is published, or waits for people."""
        return self.read == self.sent and not self.open_keys(SETTLED)

    def outcome(self) -> Outcome:
        """Counts, as far as the ledger knows them."""
        batches, lines = self.holding(ACCOUNTED), self.lines_by_key
        reasons, types = Counter(), Counter()
        for record in [*self.receipts, *batches]:
            reasons.update(record.rejects_by_reason)
        for batch in batches:
            types.update(batch.rows_by_type)
        records, events = sum(r.records for r in self.receipts), sum(r.events for r in self.receipts)
        return Outcome(
            sent=self.sent,
            rows=sum(b.rows for b in batches),
            redelivered=sum(b.redelivered for b in batches),
            repeated=sum(b.repeated for b in batches),
            rejects_by_reason=dict(sorted(reasons.items())),
            rows_by_type=dict(sorted(types.items())),
            late_rows=sum(b.late_rows for b in batches),
            published=sum(b.published for b in batches),
            more_in_records=events - records,
            not_of_this_sending=records - self.sent + sum(b.raw_lines for b in batches) - sum(lines.values()),
            batch_ids=[b.batch_id for b in batches],
            report_uris=[b.report_uri for b in batches if b.report_uri],
            unsent=sum(b.unsent for b in batches),
            publish_failures=sum(b.publish_failures for b in batches),
            quarantined=sum(b.quarantined for b in batches),
        )

    def missing(self) -> str:
        """What is not accounted for, and which command shows more; for a wait that ran out of time."""
        if self.read < self.sent:
            return (
                f"{self.sent - self.read:,} of {self.sent:,} records were not read by ingestion. "
                "Run `etl logs ingestion` to see why; `etl status` counts what was read."
            )
        unseen, unsent = self.open_keys(ACCOUNTED), self.open_keys(SETTLED)
        if unseen:
            under_way = [b.batch_id for b in self.holding(frozenset({BatchStatus.RUNNING}))]
            where = f"batch {', '.join(under_way)} is under way" if under_way else "no batch has them"
            return (
                f"{len(unseen)} of {len(self.lines_by_key)} raw objects are in no committed batch; {where}. "
                "Run `etl status` for the batches, `etl reconcile` to run what failed or was lost again."
            )
        return (
            f"the rows of {len(unsent)} raw objects are committed, but not published. "
            "Run `etl logs publisher` to see why, `etl reconcile` to publish them."
        )


PUBLISHED = frozenset({BatchStatus.PUBLISHED})
SETTLED = PUBLISHED | KEPT_BACK
