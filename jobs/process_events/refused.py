"""Lines that the transform refused, as rejects of the error zone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from lake.positions import Position
from lake.rejects import Reason, Reject, Stage


def read_reject(row: Mapping, batch_id: str, started_at: str) -> Reject:
    """The reject of a row that `transform.rejected` made; `started_at` dates a line without a position."""
    original = row["original"].encode()
    return Reject(
        stage=Stage.TRANSFORM,
        reason=Reason(row["reason"]),
        position=read_position(row["position"], original, started_at),
        original=original,
        found=row["found"],
        expected=row["expected"],
        next_step=row["next_step"],
        event_type=row["event_type"],
        batch_id=batch_id,
    )


def read_position(position: Mapping | None, original: bytes, started_at: str) -> Position:
    """The line's own position; for a line that has none, one that its content alone decides."""
    try:
        return Position(**{**position, "arrival_time": datetime.fromisoformat(position["arrival_time"])})
    except (TypeError, ValueError):
        content = hashlib.sha256(original).hexdigest()
        return Position("unknown", content, "0", 0, datetime.fromisoformat(started_at))
