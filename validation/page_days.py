"""Parts of the report about the days themselves: volumes, nulls, distributions, lateness, freshness, rejects."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from pages import plots
from pages.numbers import MINUS, duration, percent
from pages.parts import Cell, Details, Plot, Plots, Prose, Table
from validation import profile
from validation.findings import Findings

KINDS_DRAWN = 5
CHANGES_SHOWN = 12
# A share of nulls that moved by less than a hundredth is what days differ by.
NOTABLE_DIFFERENCE = 0.01


def volumes(findings: Findings) -> list[Any]:
    """Rows by kind and day, and the days against those before."""
    run = findings.run
    days = [*run.days_before, *run.days]
    found = profile.volumes(findings.groups, days)
    if not found:
        return []
    unit = f"rows a day, {run.days[0]} and on validated"
    largest = sorted(found, key=lambda kind: -sum(found[kind].values()))
    drawn = {kind: found[kind] for kind in largest[:KINDS_DRAWN]}
    if others := largest[KINDS_DRAWN:]:
        drawn["others"] = {day: sum(found[kind][day] for kind in others) for day in days}
    svg = plots.by_day("volumes", "Rows by day and kind", [_dated(d) for d in drawn.values()], unit)
    numbers = Table(["Day", *found], [[day, *(found[kind][day] for kind in found)] for day in days])
    changes = profile.volume_changes(findings.groups, run.days, run.days_before)
    rows = [[c.kind, sum(found[c.kind][d] for d in run.days), c.now, c.before, _relative(c)] for c in changes]
    compared = Table(("Kind", "Rows validated", "A day now", "A day before", "Change"), rows)
    return [Plots([Plot("Rows by day", svg, numbers, legend=list(drawn))]), compared]


def _dated(by_day: dict[str, float]) -> dict[date, float]:
    return {date.fromisoformat(day): value for day, value in by_day.items()}


def _relative(change: profile.Change) -> Cell | None:
    return Cell(signed(change.difference / change.before), is_number=True) if change.before else None


def signed(share: float) -> str:
    """A difference of shares with its sign."""
    return f"{'+' if share >= 0 else MINUS}{percent(abs(share))}"


def nulls(findings: Findings) -> list[Any]:
    """Columns whose share of nulls has moved most."""
    run = findings.run
    changes = profile.null_changes(findings.groups, findings.columns, run.days, run.days_before)
    moved = [change for change in changes if abs(change.difference) >= NOTABLE_DIFFERENCE][:CHANGES_SHOWN]
    if not moved:
        return (
            [Prose("No column of the suite has noticeably more or fewer nulls than in the days before.")]
            if changes
            else []
        )
    rows = [[Cell(c.column, is_code=True), _share(c.before), _share(c.now), signed(c.difference)] for c in moved]
    return [Table(("Column", "Null before", "Null now", "Difference"), rows, title="Share of nulls", is_cards=True)]


def _share(share: float | None) -> str | None:
    return None if share is None else percent(share)


def distributions(findings: Findings) -> list[Any]:
    """Quantiles of numeric columns, now and before."""
    run = findings.run
    found = profile.spread_changes(findings.groups, findings.numeric, run.days, run.days_before)
    rows = [
        [Cell(row["column"], row["kind"], is_code=True), *(_quantiles(row, n) for n in range(len(profile.QUANTILES)))]
        for row in found
    ]
    columns = ("Column", "A tenth is below", "Half is below", "Nine tenths are below")
    said = Prose("In the column's own unit; quantiles by day, of which the median is shown.")
    return [said, Table(columns, rows)] if rows else []


def _quantiles(row: dict[str, Any], n: int) -> Cell:
    before = f"{short(row['before'][n])} before" if row["before"] else "no days before"
    return Cell(short(row["now"][n]), before, is_number=True)


def short(value: float) -> str:
    """Four digits, all of a large number's whole ones, never an exponent of ten that people must read."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def lateness(findings: Findings) -> list[Any]:
    """Share of late events by day, and how late they were."""
    rows = [row for row in findings.lateness if int(row["row_count"])]
    if not rows:
        return []
    totals, late = Counter(), Counter()
    for row in rows:
        totals[row["day"]] += int(row["row_count"])
        late[row["day"]] += int(row["late"])
    shares = _dated({day: late[day] / totals[day] for day in totals})
    svg = plots.by_day("lateness", "Share of late events by day", [shares], "late events, share", percent, is_line=True)
    numbers = Table(
        ("Day", "Events", "Late", "Share"),
        [[d, totals[d], late[d], percent(late[d] / totals[d])] for d in sorted(totals)],
    )
    by_kind = [
        [
            row["day"],
            row["kind"],
            int(row["row_count"]),
            int(row["late"]),
            _wait(row["p50_seconds"]),
            _wait(row["longest_seconds"]),
        ]
        for row in rows
        if row["day"] in findings.run.days
    ]
    columns = ("Day", "Type", "Events", "Late", "Half are later than", "Latest")
    return [
        Plots([Plot("Late events", svg, numbers, note="Late is by the contract of the type.")]),
        Details("By type", Table(columns, by_kind)),
    ]


def _wait(seconds: Any) -> str | None:
    return duration(float(seconds)) if profile.is_value(seconds) else None


def freshness(findings: Findings) -> list[Any]:
    """Time from arrival until an event was a recorded row, by day."""
    rows = findings.freshness
    if not rows:
        return []
    quantiles = ("p50_seconds", "p95_seconds")
    series = [_dated({row["day"]: float(row[name]) for row in rows}) for name in quantiles]
    svg = plots.by_day("freshness", "Seconds until an event is a row", series, "seconds", is_line=True)
    cells = [
        [r["day"], int(r["row_count"]), *(_wait(r[name]) for name in (*quantiles, "longest_seconds"))] for r in rows
    ]
    numbers = Table(("Day", "Events", "Half within", "95 % within", "All within"), cells)
    note = "From arrival in the stream until the ledger last recorded the batch."
    return [Plots([Plot("From arrival to row", svg, numbers, legend=["half within", "95 % within"], note=note)])]


def rejects(findings: Findings) -> list[Any]:
    """Rejects by reason, and by day of arrival."""
    if not findings.rejects:
        return []
    by_reason, by_day = Counter(), defaultdict(Counter)
    for row in findings.rejects:
        by_reason[(row["stage"], row["reason"])] += int(row["rejects"])
        by_day[row["day"]][(row["stage"], row["reason"])] += int(row["rejects"])
    ordered = by_reason.most_common()
    svg = plots.bars("rejects", "Rejects by reason", [(reason, n) for (_, reason), n in ordered], "rejects", series=2)
    numbers = Table(("Stage", "Reason", "Rejects"), [[stage, reason, n] for (stage, reason), n in ordered])
    days = Table(
        ["Day of arrival", *(reason for (_, reason), _ in ordered)],
        [[day, *(by_day[day][key] for key, _ in ordered)] for day in sorted(by_day)],
    )
    said = Prose("By the day on which they arrived, which need not be the date of the event.")
    return [said, Plots([Plot("Rejects by reason", svg, numbers)]), days]
