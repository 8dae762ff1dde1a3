"""`etl generate`: the shop's events into a file."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cli.shop.events import shop_lines
from contracts.errors import PipelineError

STDOUT = "-"


def start_of(text: str) -> datetime:
    """The time of `--start`, in UTC."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise PipelineError(f"--start is {text!r}; expected a time such as 2026-11-02T00:00:00Z.") from None
    return start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)


def write_events(out: str, events: int, seed: int, start: datetime) -> Counter[str]:
    """Write the lines; how many there are of each kind."""
    kinds: Counter[str] = Counter()
    with _writable(out) as file:
        for kind, line in shop_lines(events, seed, start):
            kinds[kind] += 1
            file.write(line + b"\n")
    return kinds


def in_words(kinds: Counter[str]) -> str:
    """`10,000 lines: 9,702 event, 291 late, …`"""
    return f"{kinds.total():,} lines: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())


@contextmanager
def _writable(out: str) -> Iterator[BinaryIO]:
    if out == STDOUT:
        yield sys.stdout.buffer
        return
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        yield file
