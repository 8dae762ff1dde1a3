"""RFC 3339 times, strictly: https://www.rfc-editor.org/rfc/rfc3339#section-5.6"""

from __future__ import annotations

import re
from datetime import UTC, datetime

PATTERN = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))?(?P<offset>[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
EXPECTED = "an RFC 3339 time with offset, such as 2026-11-22T10:00:00.123Z, in the years 1 to 9999 and no leap second"


def parse(text: str) -> datetime | None:
    """The instant in UTC, digits behind microseconds cut off; None where no clock shows such a time."""
    match = PATTERN.fullmatch(text)
    if not match or match["time"].startswith("24"):
        return None
    microseconds = f"{match['fraction'] or '':0<6}"[:6]
    offset = "+00:00" if match["offset"] in "Zz" else match["offset"]
    try:
        return datetime.fromisoformat(f"{match['date']}T{match['time']}.{microseconds}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
