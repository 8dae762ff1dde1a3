"""Sections about what can be trusted: validations, rejects, late and duplicate events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from cli.report.answers import Answers, Row
from cli.report.drawing import daily, day_of, first_rows, over_days, ranked, section, sums, total
from cli.report.period import Period
from pages.numbers import percent
from pages.parts import Cell, Plot, Plots, Prose, Section, Table

TREND, FAILED = "data_quality_by_day_and_table", "failed_expectations"
BY_REASON, BY_PRODUCER, OPEN = "rejects_by_reason", "rejects_by_reason_and_producer", "open_rejects"
LATE = "late_and_duplicate_events_by_day"
# A refused record may name anything as its source or type, also what nobody should read here.
NAME = re.compile(r"[\w./:-]{1,64}", re.ASCII)
NOT_A_NAME, UNKNOWN = "(no plain name)", "(unknown)"


def validations(answers: Answers, period: Period) -> Section:
    rows, failed = answers[TREND], answers[FAILED]
    return section("Data quality", rows, lambda: [Plots(_pass_rates(rows)), *_failures(failed)], TREND)


def _pass_rates(rows: list[Row]) -> list[Plot]:
    tables = sorted({row["table_name"] for row in rows})
    return [_pass_rate(name, [row for row in rows if row["table_name"] == name]) for name in tables]


def _pass_rate(table_name: str, rows: list[Row]) -> Plot:
    passed = sums(rows, lambda row: row["data_date"], "passed_checks")
    evaluated = sums(rows, lambda row: row["data_date"], "checks")
    rates = {day: passed[day] / evaluated[day] for day in evaluated}
    failed, warned = failed_checks(rows, "fail"), failed_checks(rows, "warn")
    held = f"{total(rows, 'passed_checks'):,} of {total(rows, 'checks'):,} held"
    note = f"{held}; {failed:,} failed, {warned:,} warned"
    title = f"Expectations of {table_name} that held"
    return daily(title, TREND, {"": rates}, "share of expectations", percent, note, is_line=True, axis=percent)


def failed_checks(rows: list[Row], severity: str) -> int:
    return total([row for row in rows if row["severity"] == severity], "failed_checks")


def _failures(rows: list[Row]) -> list:
    if not rows:
        return [Prose("Every expectation held.")]
    lines = [
        [
            Cell(row["severity"], state=row["severity"]),
            Cell(row["description"] or row["expectation_id"], note=row["expectation_id"]),
            row["table_name"],
            row["failed_runs"],
            _broken(row),
            row["last_data_date"],
        ]
        for row in rows
    ]
    columns = ["Severity", "Expectation", "Table", "Runs", "Values that break it", "Last"]
    return [Table(columns, lines, title="What did not hold", is_cards=True, source=FAILED)]


def _broken(row: Row) -> str:
    if row["unexpected"] is None:
        return ""
    return f"{row['unexpected']:,}" + (f" of {row['evaluated']:,}" if row["evaluated"] is not None else "")


def rejects(answers: Answers, period: Period) -> Section:
    rows = answers[BY_REASON]
    return section("Rejects", rows, lambda: _rejects(answers, period), BY_REASON)


def _rejects(answers: Answers, period: Period) -> list:
    by_day = sums(answers[BY_REASON], lambda row: day_of(row["reject_date"]), "rejects")
    reasons = sums(answers[BY_REASON], lambda row: f"{row['reason']}", "rejects")
    producers = sums(answers[BY_PRODUCER], lambda row: named(row["producer"]), "rejects")
    drawn = [
        daily("Refused", BY_REASON, {"rejects": over_days(by_day, period)}, "rejects a day", note="By day of arrival."),
        ranked("By reason", BY_REASON, _largest_first(reasons), "rejects"),
        ranked(
            "By producer",
            BY_PRODUCER,
            _largest_first(producers),
            "rejects",
            columns=PRODUCER_COLUMNS,
            rows=_producer_rows(answers[BY_PRODUCER]),
        ),
    ]
    return [Plots(drawn), *_open(answers[OPEN])]


PRODUCER_COLUMNS = ["Producer", "Stage", "Reason", "Event type", "Rejects"]


def _producer_rows(rows: list[Row]) -> list[list]:
    return [[named(r["producer"]), r["stage"], r["reason"], named(r["event_type"]), r["rejects"]] for r in rows]


def named(text: str | None) -> str:
    """A producer or event type as a refused record names it, where that looks like a name."""
    if text is None:
        return UNKNOWN
    return text if NAME.fullmatch(text) else NOT_A_NAME


def _open(rows: list[Row]) -> list:
    if not rows:
        return [Prose("No reject is open: each was replayed, fixed or discarded.")]
    lines = [
        [
            Cell(row["reason"], note=f"{row['stage']}, {named(row['event_type'])}"),
            row["open_rejects"],
            _minute(row["oldest_arrival_time"]),
        ]
        for row in rows
    ]
    columns = ["Reason, stage and event type", "Open", "Oldest, UTC"]
    title = f"Open now, whatever the period: {total(rows, 'open_rejects'):,} wait for etl replay or etl discard"
    return [first_rows(columns, lines, title, OPEN)]


def _minute(time: str | None) -> str:
    return (time or "")[:16].replace("T", " ")


def _largest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def lateness(answers: Answers, period: Period) -> Section:
    rows = answers[LATE]
    return section("Late and duplicate events", rows, lambda: [Plots(_lateness(rows, period))], LATE)


def _lateness(rows: list[Row], period: Period) -> list[Plot]:
    days = {day_of(row["batch_date"]): row for row in rows}
    shares = {day: row["late_share"] for day, row in days.items() if row["late_share"] is not None}
    names = {"read again": "redelivered", "sent again": "repeated"}
    counted = {name: over_days(_of(days, column), period) for name, column in names.items()}
    note = "Read again: a position that was stored before. Sent again: the same source and id from another place."
    late = daily("Late rows", LATE, {"": shares}, "share of rows", percent, is_line=True, axis=percent)
    return [*([late] if shares else []), daily("Duplicates", LATE, counted, "lines a day", note=note)]


def _of(days: Mapping[date, Row], column: str) -> dict[date, int]:
    return {day: row[column] or 0 for day, row in days.items()}
