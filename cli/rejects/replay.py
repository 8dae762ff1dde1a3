"""Replay: what sending open rejects would come to, and sending them, each decision in the ledger once it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from cli.rejects.fate_log import FateLog
from cli.rejects.judging import Judgement, Verdict
from cli.sending.delivery import Sent, send_all
from cli.sending.lines import Record
from lake.fates import Fate
from lake.put_records import Backoff, Put
from lake.stored_rejects import NO_TYPE


@dataclass
class Forecast:
    """Verdicts by stage, reason and event type of the rejects; reasons of refusals, with a few samples of each."""

    samples_wanted: int
    verdicts: dict[tuple[str, str, str], Counter[Verdict]] = field(default_factory=dict)
    changed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    samples: list[Judgement] = field(default_factory=list)
    refused_beside_accepted: int = 0
    _sampled: Counter[str] = field(default_factory=Counter)

    def add(self, judgement: Judgement) -> None:
        reject = judgement.reject
        kind = (reject.stage, reject.reason, reject.event_type or NO_TYPE)
        self.verdicts.setdefault(kind, Counter())[judgement.verdict] += 1
        self.changed[kind] += judgement.is_changed and judgement.verdict is not Verdict.DISCARDED
        self.refusals.update(refusal.reason for refusal in judgement.refusals)
        if judgement.verdict is Verdict.ACCEPTED:
            self.refused_beside_accepted += len(judgement.refusals)
        self._sample(judgement)

    def _sample(self, judgement: Judgement) -> None:
        if judgement.refusals and self._sampled[judgement.refusals[0].reason] < self.samples_wanted:
            self._sampled[judgement.refusals[0].reason] += 1
            self.samples.append(judgement)

    @property
    def totals(self) -> Counter[Verdict]:
        return sum(self.verdicts.values(), Counter())

    @property
    def rejects(self) -> int:
        return self.totals.total()

    def sent(self, send_refused: bool) -> int:
        """How many records would go to the stream."""
        return self.totals[Verdict.ACCEPTED] + (self.totals[Verdict.REFUSED] if send_refused else 0)


@dataclass(frozen=True)
class Outgoing(Record):
    """A record and the reject that it is sent for."""

    judgement: Judgement


@dataclass(kw_only=True)
class Replayed(Sent):
    """Where the records lie now; each that was taken is noted with its place."""

    stream: str
    log: FateLog
    because: str = ""
    fix_name: str = ""

    def add(self, record: Outgoing, shard: str, sequence: str) -> None:
        super().add(record, shard, sequence)
        fate = Fate.FIXED if record.judgement.is_changed else Fate.REPLAYED
        self._note(record.judgement, fate, (self.stream, shard, sequence))

    def discard(self, judgement: Judgement) -> None:
        """Note that the fix gave the reject up."""
        self._note(judgement, Fate.DISCARDED, None)

    def _note(self, judgement: Judgement, fate: Fate, place: tuple[str, str, str] | None) -> None:
        fix = f"fix {self.fix_name}" if judgement.is_changed else ""
        self.log.note(judgement.reject, fate, "; ".join(filter(None, (self.because, fix))), place)


def send_judged(
    judgements: Iterable[Judgement],
    send_refused: bool,
    put: Put,
    backoff: Backoff,
    replayed: Replayed,
    shown: Callable[[int], None],
) -> None:
    """Send what is to be sent; after each request its fates are written, also where the request fails half way."""
    try:
        for done in send_all(_outgoing(judgements, send_refused, replayed), put, backoff, replayed):
            replayed.log.flush()
            shown(done)
    finally:
        replayed.log.flush()


def _outgoing(judgements: Iterable[Judgement], send_refused: bool, replayed: Replayed) -> Iterator[Outgoing]:
    for judgement in judgements:
        record = judgement.record
        if judgement.verdict is Verdict.DISCARDED:
            replayed.discard(judgement)
            if replayed.log.is_full:
                replayed.log.flush()
        elif record and (send_refused or judgement.verdict is Verdict.ACCEPTED):
            yield Outgoing(record.data, record.partition_key, record.origin, judgement)
