"""The report of a validation of whole days: one page, from what was found to how it came about."""

from __future__ import annotations

from pages.numbers import number
from pages.page import render
from pages.parts import Headline, KeyFigure, KeyFigures, Page, Section
from validation import page_days, page_expectations
from validation.findings import Findings


def page(findings: Findings) -> str:
    """The report as HTML; the same findings are the same page."""
    run = findings.run
    return render(
        Page(
            title=f"Data quality of {run.table}",
            intro=f"{_days(findings)} (UTC), validated at {run.validated_at} and compared with the "
            f"{run.history_days} days before.",
            top=[_headline(findings), _figures(findings)],
            sections=[section for section in _sections(findings) if section.parts],
            has_contents=True,
            foot=_foot(findings),
        )
    )


def _sections(findings: Findings) -> list[Section]:
    return [
        Section("What failed", page_expectations.failures(findings)),
        Section("Pass rate by table and day", page_expectations.pass_rates(findings)),
        Section("Trend by expectation", page_expectations.trends(findings)),
        Section("Volumes", page_days.volumes(findings)),
        Section("Nulls", page_days.nulls(findings)),
        Section("Distributions", page_days.distributions(findings)),
        Section("Lateness", page_days.lateness(findings)),
        Section("Freshness", page_days.freshness(findings)),
        Section("Rejects by reason", page_days.rejects(findings)),
    ]


def _days(findings: Findings) -> str:
    run = findings.run
    return run.date_from if run.date_from == run.date_to else f"{run.date_from} to {run.date_to}"


def _headline(findings: Findings) -> Headline:
    if findings.failed:
        days = sorted({result.data_date for result in findings.failed})
        return Headline(f"Not sound: expectations of severity fail do not hold on {', '.join(days)}.", "fail")
    if not sum(findings.rows_by_day.values()):
        return Headline("There are no rows on these days, so there was nothing to validate.", "warn")
    if findings.warned:
        return Headline("Sound, with warnings.", "warn")
    return Headline("Sound: every expectation holds.", "pass")


def _figures(findings: Findings) -> KeyFigures:
    held = sum(result.success for result in findings.results)
    return KeyFigures(
        [
            KeyFigure("Rows", number(sum(findings.rows_by_day.values())), _days(findings)),
            KeyFigure("Expectations held", f"{held:,} of {len(findings.results):,}", "each on each day"),
            _count("Failed", len(findings.failed), "fail"),
            _count("Warnings", len(findings.warned), "warn"),
        ]
    )


def _count(label: str, count: int, state: str) -> KeyFigure:
    return KeyFigure(label, number(count), state=state if count else "pass")


def _foot(findings: Findings) -> str:
    run = findings.run
    snapshot = f" Read from snapshot {findings.snapshot_id} of the table." if findings.snapshot_id else ""
    return (
        f"Run {run.run_id}.{snapshot} The executed notebook lies beside this page, with the endings .ipynb and "
        ".notebook.html; Data Docs of each day below data-quality/docs/. Every result is a row of the table "
        "dq_results. This page shows counts, identities of events, numbers and times; of a text only its length."
    )
