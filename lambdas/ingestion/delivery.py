"""One delivery of the stream: what it holds, sorted into one raw object, rejects by reason and a receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from lake import layout
from lake.ledger import IngestionReceipt
from lake.positions import Position, utc_text
from lake.raw_lines import RawObject
from lake.rejects import Reason, Reject
from lambdas.ingestion.decode import Accepted, Decoder
from lambdas.ingestion.refused import Refused


@dataclass
class Delivery:
    """Payloads between two positions of one shard; every one is a line of `raw` or one of `rejects`."""

    first: Position
    last: Position
    raw: RawObject = field(default_factory=RawObject)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def records(self) -> int:
        return len(self.raw.lines) + len(self.rejects)

    @property
    def raw_key(self) -> str | None:
        """Key of the raw object; None where nothing was accepted."""
        return layout.raw_key(self.first, self.last) if self.raw.lines else None

    @property
    def rejects_by_reason(self) -> dict[str, int]:
        return dict(sorted(Counter(str(reject.reason) for reject in self.rejects).items()))

    def reject_lines(self) -> dict[str, list[bytes]]:
        """Lines of the error zone, by the key of their object."""
        lines: dict[str, list[bytes]] = {}
        for reject in self.rejects:
            key = layout.ingestion_rejects_key(reject.reason, self.first, self.last)
            lines.setdefault(key, []).append(reject.as_line())
        return lines

    def receipt(self) -> IngestionReceipt:
        """What was read and what became of it."""
        return IngestionReceipt(
            stream=self.first.stream,
            shard=self.first.shard,
            first_sequence=self.first.sequence,
            last_sequence=self.last.sequence,
            first_arrival_time=utc_text(self.first.arrival_time),
            last_arrival_time=utc_text(self.last.arrival_time),
            records=self.records,
            lines=len(self.raw.lines),
            rejected=len(self.rejects),
            rejects_by_reason=self.rejects_by_reason,
            raw_key=self.raw_key,
        )


def read_delivery(payloads: Iterable[tuple[bytes, Position]], decoder: Decoder) -> Delivery | None:
    """Every payload decoded; None where there is none."""
    delivery = None
    for payload, position in payloads:
        delivery = delivery or Delivery(first=position, last=position)
        delivery.last = position
        _add(delivery, payload, position, decoder.decode(payload, position))
    return delivery


def _add(delivery: Delivery, payload: bytes, position: Position, outcome: Accepted | Reject) -> None:
    if isinstance(outcome, Reject):
        delivery.rejects.append(outcome)
        return
    try:
        delivery.raw.add(position, outcome.event, outcome.event_time)
    except orjson.JSONEncodeError:
        # orjson reads deeper structures than it writes: https://github.com/ijl/orjson#serialize
        refused = Refused(
            Reason.INVALID_JSON, "JSON nested deeper than 250 levels", "at most 250 levels", "Flatten the data."
        )
        delivery.rejects.append(refused.as_reject(payload, position, outcome.event["type"]))
