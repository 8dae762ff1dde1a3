"""RFC 3339 times, strictly: https://www.rfc-editor.org/rfc/rfc3339#section-5.6"""

from __future__ import annotations

import re
from datetime import UTC, datetime

# What the standard library reads as it stands; other ways to write a time are brought into this form first.
PLAIN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
EXCESS_DIGITS = re.compile(r"(?<=\.[0-9]{6})[0-9]+")
EXPECTED = "an RFC 3339 time with offset, such as 2026-11-22T10:00:00.123Z, in the years 1 to 9999 and no leap second"


def parse(text: str) -> datetime | None:
    """The instant in UTC, digits behind microseconds cut off; None where no clock shows such a time."""
    if not PLAIN.fullmatch(text):
        # RFC 3339 allows lower case and any number of digits.
        text = EXCESS_DIGITS.sub("", text.upper(), count=1)
        if not PLAIN.fullmatch(text):
            return None
    try:
        time = datetime.fromisoformat(text)
        return time if time.tzinfo is UTC else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
