"""`x-event-time`: how old, and how far ahead of its arrival, an event of a type may be."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from contracts.errors import ContractError
from contracts.keywords import is_whole

DEFAULTS = {"earliest": "2020-01-01T00:00:00Z", "ahead_seconds": 3600, "late_after_seconds": 86400}
# A hundred years: an arrival plus the bound must be a time that the tables can hold.
MOST_SECONDS = 3_155_760_000
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def check_event_time(bounds: object, event_type: str) -> None:
    """ContractError where the bounds are none."""
    where = f"{event_type}: x-event-time"
    if not isinstance(bounds, dict) or not bounds.keys() <= DEFAULTS.keys():
        raise ContractError(f"{where} is {bounds!r}; expected an object with some of {', '.join(DEFAULTS)}. Mend it.")
    if "earliest" in bounds and not is_time(bounds["earliest"]):
        raise ContractError(
            f"{where}.earliest is {bounds['earliest']!r}; expected an RFC 3339 time with offset, such as "
            "'2020-01-01T00:00:00Z'. Mend it."
        )
    for name in bounds.keys() - {"earliest"}:
        if not is_whole(bounds[name]) or not 0 <= bounds[name] <= MOST_SECONDS:
            raise ContractError(
                f"{where}.{name} is {bounds[name]!r}; expected an integer from 0 to {MOST_SECONDS} seconds. Mend it."
            )


def as_utc(text: str) -> datetime:
    """The time that an RFC 3339 text says."""
    return datetime.fromisoformat(text).astimezone(UTC)


def is_time(text: object) -> bool:
    """Whether it is an RFC 3339 time with offset, in the years 1 to 9999 of UTC."""
    if not isinstance(text, str) or not RFC3339.fullmatch(text):
        return False
    try:
        as_utc(text)
    except (ValueError, OverflowError):
        return False
    return True
