"""Ways in which a producer breaks an event; each is refused for exactly one reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from lake.rejects import Reason

USER_ID = re.compile(r'"user_id":"(u\d+)",')
# Faults by reason with their share; total_mismatch is 0.1 % of all events where 2 % are broken.
SHARES = {
    Reason.INVALID_JSON: 25,
    Reason.INVALID_UTF8: 10,
    Reason.INVALID_ENVELOPE: 20,
    Reason.UNKNOWN_EVENT_TYPE: 10,
    Reason.INVALID_DATA: 30,
    Reason.TOTAL_MISMATCH: 5,
}


def _json(rng: Random, line: str) -> bytes:
    """Cut off, or a colon lost."""
    if rng.random() < 0.5:
        return line[: 20 + int(rng.random() * 60)].encode()
    return line.replace('":', '"', 1).encode()


def _utf8(rng: Random, line: str) -> bytes:
    """Latin-1 where UTF-8 was promised."""
    return line.encode().replace(b'"subject":"', b'"subject":"M\xfcller/', 1)


def _envelope(rng: Random, line: str) -> bytes:
    """An attribute lost, or not what it should be."""
    if rng.random() < 0.3:
        return re.sub(r'"time":"[^"]*"', '"time":"yesterday"', line, count=1).encode()
    names = ("specversion", "id", "source", "type", "time")
    lost = names[int(rng.random() * len(names))]
    return re.sub(rf'"{lost}":"[^"]*",', "", line, count=1).encode()


def _event_type(rng: Random, line: str) -> bytes:
    """A type that nobody wrote a contract for."""
    return re.sub(r'"type":"[^"]*"', '"type":"wish_list_shared"', line, count=1).encode()


def _data(rng: Random, line: str) -> bytes:
    """A field lost, or of another type."""
    if rng.random() < 0.5:
        return USER_ID.sub("", line, count=1).encode()
    return USER_ID.sub(lambda match: f'"user_id":{int(match[1][1:])},', line, count=1).encode()


BREAK: dict[Reason, Callable[[Random, str], bytes]] = {
    Reason.INVALID_JSON: _json,
    Reason.INVALID_UTF8: _utf8,
    Reason.INVALID_ENVELOPE: _envelope,
    Reason.UNKNOWN_EVENT_TYPE: _event_type,
    Reason.INVALID_DATA: _data,
}
