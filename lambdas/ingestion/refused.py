"""What a check raises, inside the decoder only, when a record cannot be accepted."""

from __future__ import annotations

from lake.positions import Position
from lake.rejects import Reason, Reject, Stage


class Refused(Exception):
    """The record breaks a rule; says what was found (kinds and sizes, no values), what was expected, what to do."""

    def __init__(self, reason: Reason, found: str, expected: str, next_step: str) -> None:
        super().__init__(found)
        self.reason, self.found, self.expected, self.next_step = reason, found, expected, next_step

    def as_reject(self, original: bytes, position: Position, event_type: str | None) -> Reject:
        """The refusal with the record it is about."""
        return Reject(
            stage=Stage.INGESTION,
            reason=self.reason,
            position=position,
            original=original,
            found=self.found,
            expected=self.expected,
            next_step=self.next_step,
            event_type=event_type,
        )
