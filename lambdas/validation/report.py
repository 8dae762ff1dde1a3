"""The data-quality report of a batch: one page that needs nothing but itself, and shows counts, never values."""

from __future__ import annotations

from dataclasses import dataclass

from lake.quality_results import Severity
from pages.page import render
from pages.parts import Cell, Headline, KeyFigure, KeyFigures, Page, Section, Table
from quality.verdict import Verdict


@dataclass(frozen=True)
class Report:
    """What the page tells; `files` are the enrichment's: {"event_type", "event_date", "rows"}."""

    batch_id: str
    batch_date: str
    files: list[dict]
    verdicts: list[Verdict]

    @property
    def rows(self) -> int:
        return sum(file["rows"] for file in self.files)

    @property
    def stopping(self) -> list[Verdict]:
        """Expectations that failed and keep the batch from becoming visible."""
        return [verdict for verdict in self.verdicts if verdict.stops_the_batch]

    @property
    def warning(self) -> list[Verdict]:
        """Expectations that failed and are only reported."""
        return [verdict for verdict in self.verdicts if not verdict.success and not verdict.stops_the_batch]


def page(report: Report) -> str:
    """The report as HTML; the same report is the same page."""
    return render(
        Page(
            title="Data quality of batch",
            code=report.batch_id,
            intro=f"Started on {report.batch_date} (UTC). Validated before anyone could read it.",
            top=[Headline(_headline(report), "fail" if report.stopping else "pass"), _figures(report)],
            sections=[
                Section("Expectations", [_verdicts(report.verdicts)]),
                Section("Rows by event type and date", [_counts(report.files)]),
            ],
        )
    )


def _headline(report: Report) -> str:
    if report.stopping:
        return "The batch was stopped: none of its rows is visible."
    return "The batch passed." if not report.warning else "The batch passed, with warnings."


def _figures(report: Report) -> KeyFigures:
    counts = {
        "Rows": report.rows,
        "Expectations": len(report.verdicts),
        "Failed": len(report.stopping),
        "Warnings": len(report.warning),
    }
    return KeyFigures([KeyFigure(label, f"{count:,}") for label, count in counts.items()])


def _counts(files: list[dict]) -> Table:
    rows: dict[tuple[str, str], int] = {}
    for file in files:
        key = (file["event_type"], file["event_date"])
        rows[key] = rows.get(key, 0) + file["rows"]
    return Table(["Event type", "Event date", "Rows"], [(*key, count) for key, count in sorted(rows.items())])


def _verdicts(verdicts: list[Verdict]) -> Table:
    worst_first = sorted(verdicts, key=lambda v: (not v.stops_the_batch, v.success))
    columns = ["Result", "Expectation", "Column", "Found", "Severity"]
    return Table(columns, [_verdict_row(verdict) for verdict in worst_first], is_cards=True)


def _verdict_row(verdict: Verdict) -> list:
    state = "pass" if verdict.success else ("fail" if verdict.severity == Severity.FAIL else "warn")
    return [
        Cell(state, state=state),
        Cell(verdict.description, note=verdict.notes),
        Cell(verdict.column, is_code=True),
        verdict.found,
        verdict.severity,
    ]
