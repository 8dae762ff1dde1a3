"""Rejects: what became of a record that is not a row, and what to do about it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum

import orjson

from lake.positions import Position


class Stage(StrEnum):
    """The step that refused the record."""

    INGESTION = "ingestion"
    TRANSFORM = "transform"


class Reason(StrEnum):
    """Why; a closed list, so that it can be a partition, a metric and a filter."""

    INVALID_UTF8 = "invalid_utf8"
    INVALID_JSON = "invalid_json"
    INVALID_ENVELOPE = "invalid_envelope"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    UNKNOWN_CONTRACT_VERSION = "unknown_contract_version"
    INVALID_DATA = "invalid_data"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    TOO_LARGE = "too_large"
    DECODER_ERROR = "decoder_error"
    UNDELIVERED = "undelivered"
    UNTYPABLE = "untypable"
    TOTAL_MISMATCH = "total_mismatch"


@dataclass(frozen=True)
class Reject:
    """One refused record. `found` names kinds and sizes, not values; `original` is the record, untouched."""

    stage: Stage
    reason: Reason
    position: Position
    original: bytes
    found: str
    expected: str
    next_step: str
    event_type: str | None = None
    batch_id: str | None = None

    @property
    def reject_id(self) -> str:
        """Stable: the same record refused by the same stage has the same id, however often it is retried."""
        # What was never delivered is a whole record, not the first event in it: a delivery that died may have refused
        # that one alone, and deciding on it may not decide on the others.
        is_record = self.reason == Reason.UNDELIVERED
        return reject_id(self.stage, self.position.record_text() if is_record else self.position.as_text())

    def as_line(self) -> bytes:
        """The reject as a line of the error zone (stage, reason and date are the partition)."""
        return orjson.dumps(
            {
                "reject_id": self.reject_id,
                "event_type": self.event_type,
                "found": self.found,
                "expected": self.expected,
                "next_step": self.next_step,
                **self.position.as_json(),
                "batch_id": self.batch_id,
                "original_base64": base64.b64encode(self.original).decode(),
            }
        )


def reject_id(stage: str, position: str) -> str:
    """First 32 hex digits of sha256("stage\\nposition")."""
    return hashlib.sha256(f"{stage}\n{position}".encode()).hexdigest()[:32]
