"""An error zone with a ledger beside it, for tests of what reads rejects and decides on them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cli.rejects.fate_log import FateLog
from cli.rejects.found import FoundRejects
from lake import documents
from lake.fates import Fate
from lake.layout import rejects_prefix
from lake.ledger import BatchRecord
from lake.positions import Position
from lake.raw_lines import compress
from lake.rejects import Reason, Reject, Stage
from lake.stored_rejects import Selection

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True)
class ErrorZone:
    """Buckets of rejects and of the ledger, in moto in this process."""

    s3: object
    error: str = "error"
    processed: str = "processed"

    def reject(self, number, original=b"{", reason=Reason.INVALID_JSON, stage=Stage.INGESTION, **known):
        """A reject of the record with this sequence number, arrived at noon."""
        position = Position("ingest", "shardId-0", str(number), 0, known.pop("at", NOON))
        return Reject(stage, reason, position, original, "found", "expected", "next", **known)

    def put(self, *rejects, name="delivery"):
        """Store rejects of one partition as one object."""
        first = rejects[0]
        key = f"{rejects_prefix(first.stage, first.reason, first.position.arrival_date)}{name}.ndjson.gz"
        self.s3.put_object(Bucket=self.error, Key=key, Body=compress([reject.as_line() for reject in rejects]))
        return key

    def record_batch(self, batch_id, status):
        """A record in the ledger."""
        at = "2026-11-22T12:00:00.000000Z"
        documents.write_batch_record(
            self.s3, self.processed, BatchRecord(batch_id, "2026-11-22", status, at, at, 1, [], 0)
        )

    def found(self, **selection):
        return FoundRejects(self.s3, self.error, self.processed, Selection(**selection))

    def open_ids(self, **selection):
        return [reject.reject_id for reject in self.found(**selection).open()]

    def log(self, now=NOON):
        """Decisions of somebody, written as the command writes them."""
        return FateLog(lambda fates: documents.write_reject_fates(self.s3, self.processed, fates), "ops", lambda: now)

    def decide(self, reject, fate=Fate.DISCARDED, because="", now=NOON):
        log = self.log(now)
        log.note(reject, fate, because)
        log.flush()

    def fates(self):
        """(reject id, fate, sequence of the record that was sent), sorted."""
        found = documents.read_reject_fates(self.s3, self.processed)
        return sorted((fate.reject_id, fate.fate, fate.sequence) for fate in found)

    def fate_keys(self):
        return [found["Key"] for found in documents.keys_below(self.s3, self.processed, "ledger/reject_fates/")]
