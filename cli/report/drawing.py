"""Plots of answers, each with the query's name and its numbers in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from cli.report.answers import Row
from cli.report.period import Period
from pages import plots
from pages.numbers import number, percent
from pages.parts import Cell, Plot, Prose, Section, Table

# A table with more is a download, not something to read; the query has all of it.
ROWS_SHOWN = 400
SHARED_DAYS = 400
EMPTY = Prose("Nothing in this period.")


def day_of(value: Any) -> date:
    """The date of a column that is a date or its text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def sums(rows: Iterable[Row], key: Callable[[Row], Any], column: str) -> dict[Any, Any]:
    """The sum of a column by key, null as nothing; in the order of the rows."""
    found: dict[Any, Any] = {}
    for row in rows:
        found[key(row)] = found.get(key(row), 0) + (row[column] or 0)
    return found


def total(rows: Iterable[Row], column: str) -> Any:
    return sum(row[column] or 0 for row in rows)


def shared(days: Iterable[date], period: Period) -> Period:
    """The period that plots side by side have in common; each its own where the days lie too far apart."""
    found = sorted(days)
    if not found or (found[-1] - found[0]).days > SHARED_DAYS:
        return period
    return Period(period.first or found[0], period.last or found[-1])


def over_days(values: Mapping[date, Any], period: Period) -> dict[date, Any]:
    """Values with zero for days between the first and the last that have none."""
    first = period.first or min(values, default=None)
    last = period.last or max(values, default=None)
    return plots.filled(values, min(first, *values), max(last, *values)) if values else {}


def daily(
    title: str,
    query: str,
    series: Mapping[str, Mapping[date, Any]],
    unit: str,
    shown: Callable[[Any], str] = number,
    note: str = "",
    is_line: bool = False,
    axis: Callable[[float], str] = plots.plain,
    scale: float = 1,
) -> Plot:
    """Values by day, drawn in `unit` of `scale`; more than one series has a legend, the values of each are a column."""
    drawn = [{day: float(value) / scale for day, value in values.items()} for values in series.values()]
    label = f"{title}: {unit}, by day"
    # A share is never more than one, so its axis ends there.
    at_most = 1 if axis is percent else None
    svg = plots.by_day(_identifier(query, title), label, drawn, unit, axis, is_line, at_most)
    days = sorted(set().union(*series.values()))
    rows = [[day, *(_figure(values.get(day), shown) for values in series.values())] for day in days]
    table = first_rows(["Date", *(heading or title for heading in series)], rows)
    legend = list(series) if len(series) > 1 else []
    return Plot(title, svg, table, query, legend, note)


def ranked(
    title: str,
    query: str,
    values: Mapping[str, Any],
    unit: str,
    shown: Callable[[Any], str] = number,
    columns: Sequence[str] = (),
    rows: Sequence[Sequence[Any]] = (),
    note: str = "",
    at_most: int = 10,
) -> Plot:
    """One bar a name, in the order given; `rows` are the numbers where there are more of them than those drawn."""
    drawn = [(name, float(value)) for name, value in list(values.items())[:at_most]]
    # Drawn as floats, told as they are.
    told = {float(value): shown(value) for value in values.values()}
    svg = plots.bars(_identifier(query, title), f"{title}, {unit}", drawn, unit, lambda value: told[value])
    numbers = [[name, _figure(value, shown)] for name, value in values.items()]
    return Plot(title, svg, first_rows(columns or ["", unit], rows or numbers), query, note=note)


def first_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "", source: str = "") -> Table:
    """A table of the first rows; its last line counts those left out."""
    left_out = len(rows) - ROWS_SHOWN
    more = [[f"… and {left_out:,} more", *[""] * (len(columns) - 1)]] if left_out > 0 else []
    return Table(columns, [*rows[:ROWS_SHOWN], *more], title, source=source)


def spans(seconds: Iterable[float]) -> tuple[float, str]:
    """The unit to draw time spans in: its seconds and its name."""
    longest = max(seconds, default=0)
    units = ((86_400, "days"), (3600, "hours"), (60, "minutes"))
    return next(((size, name) for size, name in units if longest >= 2 * size), (1, "seconds"))


def section(title: str, rows: Sequence[Row], parts: Callable[[], list], source: str = "") -> Section:
    """A section, or one sentence where its query has no rows."""
    return Section(title, parts() if rows else [EMPTY], source if not rows else "")


def figure(text: str) -> Cell:
    """A number with its unit, to the right."""
    return Cell(text, is_number=True)


def _figure(value: Any, shown: Callable[[Any], str]) -> Any:
    return None if value is None else figure(shown(value))


def _identifier(query: str, title: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in f"{query}-{title}".lower())
