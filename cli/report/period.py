"""The days that a report is about, and how a shipped query is narrowed to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.errors import PipelineError

# Every shipped query begins with this date; athena_queries/README.md says so.
FIRST_DATE = "2020-01-01"
# What a day of the report is, by table. Decisions and validations of these days may come later.
BOUNDED = ("event_date", "batch_date", "reject_date", "data_date")
BEGINNING = re.compile(rf"(\b(?:\w+\.)?(\w+)) >= (date )?'{FIRST_DATE}'")


@dataclass(frozen=True)
class Period:
    """From the first to the last date, both of them included, UTC; None is open."""

    first: date | None
    last: date | None

    def begun_before(self, days: int) -> Period:
        """The same, begun so many days earlier."""
        return Period(self.first and self.first - timedelta(days), self.last)

    def in_words(self) -> str:
        if self.first and self.last:
            return f"{self.first} to {self.last}" if self.first != self.last else str(self.first)
        if self.first or self.last:
            return f"from {self.first}" if self.first else f"up to {self.last}"
        return "all days"


def read_period(first: str, last: str) -> Period:
    """The period of two options; empty texts are open."""
    period = Period(_read("--from", first), _read("--to", last))
    if period.first and period.last and period.first > period.last:
        raise PipelineError(f"--from {first} is after --to {last}; expected the earlier date first. Swap them.")
    return period


def _read(option: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise PipelineError(f"{option} is {text!r}; expected a date as 2026-11-22.") from None


def narrowed(sql: str, period: Period) -> str:
    """The query over the period: its first dates moved, and last dates beside them."""

    def bounds(found: re.Match) -> str:
        column, name, kind = found[1], found[2], found[3] or ""
        first = f"{column} >= {kind}'{period.first or FIRST_DATE}'"
        return f"{first} and {column} <= {kind}'{period.last}'" if period.last and name in BOUNDED else first

    return BEGINNING.sub(bounds, sql)
