"""Times that AWS services write, as the documents of the lake write them."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.errors import PipelineError
from lake.positions import utc_text


def read_time(text: str) -> str:
    """An ISO 8601 time in UTC with microseconds; one without offset is UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise PipelineError(
            f"time is {text!r}; expected ISO 8601 such as 2026-11-22T10:00:00Z. Mend what sent it."
        ) from None
    return utc_text(time if time.tzinfo else time.replace(tzinfo=UTC))
