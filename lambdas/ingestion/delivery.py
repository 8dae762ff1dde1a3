"""One delivery of the stream: what it holds, sorted into one raw object, rejects by reason and a receipt."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from lake import layout
from lake.ledger import IngestionReceipt, to_document
from lake.positions import Position, utc_text
from lake.raw_lines import RawObject
from lake.rejects import Reason, Reject
from lambdas.ingestion.decode import Decoder
from lambdas.ingestion.refused import Refused
from lambdas.ingestion.unpack import unpack


@dataclass
class Delivery:
    """Records between two positions of one shard; every event in them is a line of `raw` or one of `rejects`."""

    first: Position
    last: Position
    records: int = 0
    raw: RawObject = field(default_factory=RawObject)
    rejects: list[Reject] = field(default_factory=list)

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

    def metadata(self) -> dict[str, str]:
        """Metadata of the raw object: whoever finds it without its receipt can write the receipt."""
        return self.raw.metadata(json.dumps(to_document(self.receipt()), separators=(",", ":")))

    def receipt(self) -> IngestionReceipt:
        """What was read and what became of it."""
        lines, rejected = len(self.raw.lines), len(self.rejects)
        return IngestionReceipt(
            stream=self.first.stream,
            shard=self.first.shard,
            first_sequence=self.first.sequence,
            last_sequence=self.last.sequence,
            first_arrival_time=utc_text(self.first.arrival_time),
            last_arrival_time=utc_text(self.last.arrival_time),
            records=self.records,
            events=lines + rejected,
            lines=lines,
            rejected=rejected,
            rejects_by_reason=self.rejects_by_reason,
            raw_key=self.raw_key,
        )


def read_delivery(records: Iterable[tuple[bytes, Position]], decoder: Decoder) -> Delivery | None:
    """Every event of every record judged; None where there is no record."""
    delivery = None
    for record, position in records:
        delivery = delivery or Delivery(first=position, last=position)
        delivery.last = position
        delivery.records += 1
        for number, event in enumerate(unpack(record)):
            _add(delivery, event, position._replace(sub_sequence=number) if number else position, decoder)
    return delivery


def _add(delivery: Delivery, event: bytes, position: Position, decoder: Decoder) -> None:
    # A defect of ours that one event brings out must neither lose the event nor hold up the shard.
    try:
        outcome = decoder.decode(event, position)
        if not isinstance(outcome, Reject):
            return delivery.raw.add(position, *outcome)
    except Exception as error:
        outcome = _defect(error).as_reject(event, position, None)
    delivery.rejects.append(outcome)
    return None


def _defect(error: Exception) -> Refused:
    place = traceback.extract_tb(error.__traceback__)[-1]
    found = f"{type(error).__name__} in {place.name}, line {place.lineno}"
    next_step = "Mend the decoder, deploy it and replay the record: the record itself may be sound."
    return Refused(Reason.DECODER_ERROR, found, "an event that the decoder can judge", next_step)
