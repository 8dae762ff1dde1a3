"""Sections about what people do: events, the funnel, sessions, retention."""

from __future__ import annotations

from dataclasses import replace

from cli.report.answers import Answers, Row
from cli.report.drawing import daily, day_of, figure, over_days, ranked, section, shared, spans, total
from cli.report.period import Period
from pages.numbers import duration, number, percent
from pages.parts import Cell, Plot, Plots, Section, Table

STEPS = {
    "Visits": "visits",
    "… to a product": "visits_with_product",
    "… into the cart": "visits_with_cart",
    "… to a purchase": "visits_with_purchase",
}


def events(answers: Answers, period: Period) -> Section:
    rows = answers["events_by_type_and_date"]
    types, period = sorted({row["event_type"] for row in rows}), shared((row["event_date"] for row in rows), period)
    return section(
        "Events", rows, lambda: [Plots([_events_of(t, rows, period) for t in types])], "events_by_type_and_date"
    )


def _events_of(event_type: str, rows: list[Row], period: Period) -> Plot:
    mine = [row for row in rows if row["event_type"] == event_type]
    on_time = {day_of(row["event_date"]): row["events"] - row["late_events"] for row in mine}
    late = {day_of(row["event_date"]): row["late_events"] for row in mine}
    series = {"on time": over_days(on_time, period), "late": over_days(late, period)}
    note = f"{total(mine, 'events'):,} events, {total(mine, 'late_events'):,} of them late"
    return daily(event_type, "events_by_type_and_date", series, "events a day", note=note)


def funnel(answers: Answers, period: Period) -> Section:
    rows, query = answers["funnel_from_view_to_purchase"], "funnel_from_view_to_purchase"
    return section(
        "From view to purchase", rows, lambda: [Plots([_steps(rows, query), _share_by_day(rows, query)])], query
    )


def _steps(rows: list[Row], query: str) -> Plot:
    steps = {name: total(rows, column) for name, column in STEPS.items()}
    shares = {name: percent(count / steps["Visits"]) for name, count in steps.items()}
    table = [[name, count, figure(shares[name])] for name, count in steps.items()]
    return ranked(
        "How far visits come",
        query,
        steps,
        "visits",
        lambda count: f"{count:,} ({percent(count / steps['Visits'])})",
        ["Step", "Visits", "Share"],
        table,
    )


def _share_by_day(rows: list[Row], query: str) -> Plot:
    shares = {day_of(row["visit_date"]): row["purchase_share"] for row in rows}
    return daily("Visits that buy", query, {"": shares}, "share of visits", percent, is_line=True, axis=percent)


def sessions(answers: Answers, period: Period) -> Section:
    rows, query = answers["sessions_by_day"], "sessions_by_day"
    return section("Sessions", rows, lambda: [Plots(_session_plots(rows, query, period))], query)


def _session_plots(rows: list[Row], query: str, period: Period) -> list[Plot]:
    days = {day_of(row["session_date"]): row for row in rows}
    buying = {day: row["sessions_with_purchase"] for day, row in days.items()}
    others = {day: row["sessions"] - row["sessions_with_purchase"] for day, row in days.items()}
    series = {"with a purchase": over_days(buying, period), "without": over_days(others, period)}
    note = "A session ends with 30 minutes of silence."
    lengths = {day: row["mean_duration_seconds"] for day, row in days.items()}
    scale, unit = spans(lengths.values())
    sizes = {day: row["mean_events"] for day, row in days.items()}
    return [
        daily("Sessions", query, series, "sessions a day", note=note),
        daily("Mean duration", query, {"": lengths}, unit, duration, is_line=True, scale=scale),
        daily("Mean size", query, {"": sizes}, "events a session", is_line=True),
    ]


def retention(answers: Answers, period: Period) -> Section:
    rows, query = answers["retention_by_weekly_cohort"], "retention_by_weekly_cohort"
    found = section("Users who come again", rows, lambda: [_cohorts(rows)], query)
    return replace(found, source=query)


def _cohorts(rows: list[Row]) -> Table:
    last = max(row["weeks_since"] for row in rows)
    users = {row["cohort_week"]: row["cohort_users"] for row in rows}
    shares = {(row["cohort_week"], row["weeks_since"]): row for row in rows}
    columns = ["Week of", "Users", *(f"+{week}" for week in range(1, last + 1))]
    lines = [
        [week, count, *(_cohort_cell(shares.get((week, since))) for since in range(1, last + 1))]
        for week, count in users.items()
    ]
    return Table(columns, lines, title="Share of the users of a week who were there again so many weeks later")


def _cohort_cell(row: Row | None) -> Cell:
    if row is None:
        return Cell("")
    return Cell(percent(row["retention"]), note=number(row["active_users"]), is_number=True, shade=row["retention"])


def funnel_share(answers: Answers) -> float | None:
    """Visits that bought, of all; None where there was no visit."""
    rows = answers["funnel_from_view_to_purchase"]
    visits = total(rows, "visits")
    return total(rows, "visits_with_purchase") / visits if visits else None
