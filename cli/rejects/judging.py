"""What would become of rejects if they were sent now, by the rules of ingestion in this checkout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cli.rejects.fix import Fix, FixFailed
from cli.sending.lines import LineReader, Record, checked
from contracts.errors import PipelineError
from lake.positions import Position
from lake.rejects import Stage
from lake.stored_rejects import StoredReject
from lambdas.ingestion.decode import Decoder
from lambdas.ingestion.delivery import read_delivery

SAME_BYTES = "the transform refused these bytes, and no fix changed them; if its rules have changed since, add --all"


class Verdict(StrEnum):
    """What sending a reject would come to; the last two cannot be sent at all."""

    ACCEPTED = "accepted"
    REFUSED = "refused again"
    DISCARDED = "discarded by the fix"
    FIX_FAILED = "fix failed"
    NOT_SENDABLE = "not sendable"


@dataclass(frozen=True)
class Refusal:
    """Why an event would be refused."""

    reason: str
    found: str
    expected: str


@dataclass(frozen=True)
class Judgement:
    """A reject, the record that would be sent for it, and what would become of the events in that record."""

    reject: StoredReject
    verdict: Verdict
    record: Record | None = None
    is_changed: bool = False
    events: int = 0
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Judge:
    """Judges one reject after the other, as records that arrive now."""

    decoder: Decoder
    now: datetime
    stream: str
    fix: Fix | None = None

    def judged(self, rejects: Iterable[StoredReject]) -> Iterator[Judgement]:
        return map(self.judge, rejects)

    def judge(self, reject: StoredReject) -> Judgement:
        """The judgement; PipelineError only where the fix is not deterministic."""
        event = reject.event()
        try:
            payload = self.fix(event, reject) if self.fix else event
        except FixFailed as failed:
            refusal = Refusal("fix", str(failed), "bytes, or None to discard the reject")
            return Judgement(reject, Verdict.FIX_FAILED, refusals=(refusal,))
        if payload is None:
            return Judgement(reject, Verdict.DISCARDED, is_changed=True)
        return self._judge(reject, payload, payload != event)

    def _judge(self, reject: StoredReject, payload: bytes, is_changed: bool) -> Judgement:
        record = _record(reject, payload)
        if isinstance(record, Refusal):
            return Judgement(reject, Verdict.NOT_SENDABLE, None, is_changed, refusals=(record,))
        if reject.stage == Stage.TRANSFORM and not is_changed:
            same = Refusal(reject.reason, f"{reject.found} ({SAME_BYTES})", reject.expected)
            return Judgement(reject, Verdict.REFUSED, record, refusals=(same,))
        place = Position(self.stream, "shardId-000000000000", "0", 0, self.now)
        delivery = read_delivery([(payload, place)], self.decoder)
        refusals = tuple(Refusal(str(r.reason), r.found, r.expected) for r in delivery.rejects)
        events = len(delivery.raw.lines)
        # A record of several events is worth sending for one of them: the others become rejects of their own.
        verdict = Verdict.REFUSED if refusals and not events else Verdict.ACCEPTED
        return Judgement(reject, verdict, record, is_changed, events, refusals)


def _record(reject: StoredReject, payload: bytes) -> Record | Refusal:
    """The record as `etl send` makes it, or why Kinesis would not take it."""
    try:
        return checked(LineReader("").record(payload, f"reject {reject.reject_id}"))
    except PipelineError as error:
        return Refusal("kinesis", str(error), "a record that Kinesis takes")
