"""Sections about the pipeline itself: freshness, bytes, the ledger's balance, reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from cli.report.answers import Answers, Row
from cli.report.drawing import daily, day_of, figure, first_rows, over_days, ranked, section, spans, sums, total
from cli.report.period import Period
from pages.numbers import duration, percent, size
from pages.parts import Cell, Headline, Plot, Plots, Prose, Section, Table

FRESHNESS, BYTES = "freshness_percentiles", "bytes_by_type_and_month"
LEDGER, REPORTS = "ledger_balance", "newest_quality_reports"
SMALL_FILE_BYTES = 16_000_000
WAITS = {
    "p50_since_arrival_seconds": "p50 from arrival",
    "p95_since_arrival_seconds": "p95 from arrival",
    "p50_since_event_seconds": "p50 from the event",
    "p95_since_event_seconds": "p95 from the event",
}


def freshness(answers: Answers, period: Period) -> Section:
    rows = answers[FRESHNESS]
    return section("Freshness", rows, lambda: [Plots(_freshness(rows))], FRESHNESS)


def _freshness(rows: list[Row]) -> list[Plot]:
    last = max(row["batch_date"] for row in rows)
    newest = [row for row in rows if row["batch_date"] == last]
    by_day: dict[date, list[Row]] = {}
    for row in rows:
        by_day.setdefault(day_of(row["batch_date"]), []).append(row)
    slowest = {
        name: {day: max(row[column] for row in found) for day, found in by_day.items()}
        for column, name in list(WAITS.items())[:2]
    }
    scale, unit = spans(value for values in slowest.values() for value in values.values())
    columns = ["Event type", "Events", *WAITS.values()]
    table = [[row["event_type"], row["events"], *(figure(duration(row[c])) for c in WAITS)] for row in newest]
    waits = {row["event_type"]: row["p95_since_arrival_seconds"] for row in newest}
    return [
        daily("Slowest type", FRESHNESS, slowest, unit, duration, is_line=True, scale=scale),
        ranked(f"p95 on {last}", FRESHNESS, waits, "time from arrival to row", duration, columns, table),
    ]


def slowest_wait(rows: list[Row]) -> tuple[float, str] | None:
    """The longest p95 from arrival to row of the newest batch date, and that date."""
    if not rows:
        return None
    last = max(row["batch_date"] for row in rows)
    return max(row["p95_since_arrival_seconds"] for row in rows if row["batch_date"] == last), str(last)


def costs(answers: Answers, period: Period) -> Section:
    rows = answers[BYTES]
    return section("What queries read", rows, lambda: _costs(rows, answers.scanned_bytes), BYTES)


def _costs(rows: list[Row], scanned_bytes: int) -> list:
    by_type = {name: sums(rows, lambda row: row["event_type"], name) for name in ("bytes", "files", "events")}
    volume, files, events = by_type.values()
    largest = sorted(volume, key=lambda name: (-volume[name], name))
    columns = ["Event type", "Month", "Files", "Events", "Bytes", "Bytes a file", "Share"]
    months = [
        [
            row["event_type"],
            str(row["event_month"])[:7],
            row["files"],
            row["events"],
            row["bytes"],
            row["bytes_per_file"],
            figure(percent(row["share"])),
        ]
        for row in rows
    ]
    drawn = [
        ranked("Size of a type", BYTES, {name: volume[name] for name in largest}, "Parquet", size, columns, months),
        ranked("Size of a file", BYTES, {name: volume[name] / files[name] for name in largest}, "mean", size),
        ranked("Size of an event", BYTES, {name: volume[name] / events[name] for name in largest}, "mean", size),
    ]
    small = any(volume[name] / files[name] < SMALL_FILE_BYTES and files[name] > 1 for name in largest)
    advice = " Files are small: etl maintain, or Glue's optimizer, gathers them." if small else ""
    return [Plots(drawn), Prose(f"The whole table, whatever the period.{advice} This page read {size(scanned_bytes)}.")]


def ledger(answers: Answers, period: Period) -> Section:
    rows = answers[LEDGER]
    return section("The ledger's balance", rows, lambda: _ledger(rows, period), LEDGER)


def _ledger(rows: list[Row], period: Period) -> list:
    became = {"rows": "event_rows", "duplicates": "duplicates", "rejects": "rejects"}
    days = {day_of(row["batch_date"]): row for row in rows}
    series = {name: over_days({d: row[c] or 0 for d, row in days.items()}, period) for name, c in became.items()}
    table = [
        [
            day_of(r["batch_date"]),
            r["batches"],
            r["raw_lines"],
            r["event_rows"],
            r["duplicates"],
            r["rejects"],
            r["unaccounted_lines"],
        ]
        for r in rows
    ]
    columns = ["Batch date", "Batches", "Raw lines", "Rows", "Duplicates", "Rejects", "Unaccounted"]
    drawn = daily("What became of raw lines", LEDGER, series, "lines a day")
    return [balance(rows), Plots([replace(drawn, numbers=first_rows(columns, table))])]


def balance(rows: list[Row]) -> Headline:
    """The sum over the period, spelled out."""
    lines, missing = total(rows, "raw_lines"), total(rows, "unaccounted_lines")
    made = {name: total(rows, name) for name in ("event_rows", "duplicates", "rejects")}
    quarantined = lines - missing - sum(made.values())
    sign = "\N{NOT EQUAL TO}" if missing else "="
    text = f"{lines:,} raw lines {sign} {made['event_rows']:,} rows + {made['duplicates']:,} duplicates"
    text += f" + {made['rejects']:,} rejects" + (f" + {quarantined:,} quarantined" if quarantined else "")
    return Headline(text + (f": {missing:,} unaccounted" if missing else ""), "fail" if missing else "pass")


def reports(answers: Answers, copies: Mapping[str, str]) -> Section:
    """Where the newest reports lie; `copies` are addresses beside the page, by S3 address."""
    rows = answers[REPORTS]
    found = section("Data-quality reports", rows, lambda: _reports(rows, copies), REPORTS)
    return replace(found, source=REPORTS)


def _reports(rows: list[Row], copies: Mapping[str, str]) -> list:
    lines = [
        [
            row["recorded_time"],
            Cell(row["run_kind"], note=row["run_id"]),
            row["outcome"],
            Cell("open", href=copies[row["report_uri"]], note=row["report_uri"])
            if row["report_uri"] in copies
            else Cell(row["report_uri"], is_code=True),
        ]
        for row in rows
    ]
    where = "Copies lie in a folder beside this page." if copies else "To open one: aws s3 cp <address> report.html"
    return [Table(["Recorded, UTC", "Validation", "Outcome", "Report"], lines, is_cards=True), Prose(where)]
