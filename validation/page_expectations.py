"""Parts of the report about expectations: what failed, pass rates, trends."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean
from typing import Any

from lake.quality_results import QualityResult, Severity
from pages.numbers import percent
from pages.parts import Cell, Details, Prose, Table
from validation.findings import Findings, in_words
from validation.samples import MOST_ROWS

DAYS_SHOWN = 14
HELD, BROKEN = "✓", "✗"


def failures(findings: Findings) -> list[Any]:
    """Each expectation that does not hold, worst first, and rows that break it."""
    broken = [*findings.failed, *findings.warned]
    if not broken:
        return [Prose("Nothing: every expectation holds on every day.")]
    columns = ("Result", "Day", "Expectation", "Column", "Found")
    rows = [[_state(r), r.data_date, _named(r), _code(r.column_name), in_words(r)] for r in broken]
    return [Table(columns, rows, is_cards=True), *_samples(findings, broken)]


def _samples(findings: Findings, broken: list[QualityResult]) -> list[Any]:
    with_rows = [(r, findings.samples.get((r.data_date, r.expectation_id), [])) for r in broken]
    shown = [(result, rows) for result, rows in with_rows if rows]
    if not shown:
        return []
    said = Prose(
        f"Rows that break them, {MOST_ROWS} at most of each: the identity to look an event up by, and values of the "
        "columns concerned as far as they are numbers, truths or times."
    )
    return [said, *(_sample(result, rows) for result, rows in shown)]


def _sample(result: QualityResult, rows: list[dict[str, str]]) -> Details:
    heads = list(rows[0])
    cells = [[_code(row[name]) for name in heads] for row in rows]
    return Details(f"{result.data_date}: {result.description} ({_rows(len(rows))})", Table(heads, cells, is_cards=True))


def _state(result: QualityResult) -> Cell:
    word = "pass" if result.success else "fail" if result.severity == Severity.FAIL else "warn"
    return Cell(word, state=word)


def _named(result: QualityResult) -> Cell:
    """What the expectation says, and its id where it has one of its own."""
    return Cell(result.description, result.expectation_id if result.expectation_id != result.description else "")


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _code(text: str) -> Cell:
    return Cell(text, is_code=True)


def pass_rates(findings: Findings) -> list[Any]:
    """Share of expectations that hold, by day and table, as they were looked at last."""
    latest = findings.latest()
    tables = sorted({table for table, _ in latest})
    days = sorted({day for _, day in latest}, reverse=True)[:DAYS_SHOWN]
    rows = [[day, *(_rate(latest.get((table, day))) for table in tables)] for day in days]
    return [Prose("Of each expectation the run that looked last counts."), Table(["Day", *tables], rows)]


def _rate(results: list[QualityResult] | None) -> Cell | None:
    if not results:
        return None
    held, failed = sum(r.success for r in results), [r for r in results if not r.success]
    state = "pass" if not failed else "fail" if any(r.severity == Severity.FAIL for r in failed) else "warn"
    return Cell(percent(held / len(results)), f"{held:,} of {len(results):,}", state, is_number=True)


def trends(findings: Findings) -> list[Any]:
    """Each expectation over the days that were validated; those that broke open, the others on demand."""
    of_table: dict[str, dict[str, QualityResult]] = defaultdict(dict)
    for (table, day), results in findings.latest().items():
        if table == findings.run.table:
            for result in results:
                of_table[result.expectation_id][day] = result
    rows = [(days, _trend(days, findings.run.days)) for days in of_table.values()]
    uneven = [row for days, row in rows if not all(r.success for r in days.values())]
    even = [row for days, row in rows if all(r.success for r in days.values())]
    columns = ("Expectation", "Column", "Held", "Oldest to newest", "Breaking before", "Breaking now")
    shown = (
        [Table(columns, uneven, is_cards=True)]
        if uneven
        else [Prose("No expectation has failed on any of these days.")]
    )
    return [*shown, Details(f"{len(even)} that always held", Table(columns, even, is_cards=True))] if even else shown


def _trend(by_day: dict[str, QualityResult], now: list[str]) -> list[Any]:
    last = by_day[max(by_day)]
    marks = "".join(HELD if by_day[day].success else BROKEN for day in sorted(by_day)[-DAYS_SHOWN:])
    return [
        _named(last),
        _code(last.column_name),
        f"{sum(r.success for r in by_day.values())} of {len(by_day)} days",
        marks,
        _breaking([r for day, r in by_day.items() if day not in now]),
        _breaking([r for day, r in by_day.items() if day in now]),
    ]


def _breaking(results: list[QualityResult]) -> str | None:
    shares = [r.unexpected / r.evaluated for r in results if r.unexpected is not None and r.evaluated]
    return percent(fmean(shares)) if shares else None
