"""The report: answers in, one page out. What it shows are counts and sums, never a person's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cli.report import pipeline, quality, sales, visits
from cli.report.answers import Answers
from cli.report.drawing import total
from cli.report.period import Period
from pages.numbers import duration, number, percent
from pages.page import render
from pages.parts import Headline, KeyFigure, KeyFigures, Page, Section

# In the order of the page; each with the query that it cannot do without.
SECTIONS: tuple[tuple[str, Callable[[Answers, Period], Section]], ...] = (
    ("events_by_type_and_date", visits.events),
    (sales.REVENUE, sales.sales),
    ("funnel_from_view_to_purchase", visits.funnel),
    ("sessions_by_day", visits.sessions),
    ("retention_by_weekly_cohort", visits.retention),
    (sales.PRODUCTS, sales.products),
    (quality.TREND, quality.validations),
    (quality.BY_REASON, quality.rejects),
    (quality.LATE, quality.lateness),
    (pipeline.FRESHNESS, pipeline.freshness),
    (pipeline.BYTES, pipeline.costs),
    (pipeline.LEDGER, pipeline.ledger),
)


def report_page(answers: Answers, period: Period, stage: str, made_at: str, copies: Mapping[str, str]) -> str:
    """The page as HTML; `made_at` is UTC, `copies` are addresses of reports beside the page by their S3 address."""
    drawn = [section(answers, period) for query, section in SECTIONS if answers.has(query)]
    return render(
        Page(
            title="Event report",
            intro=f"Stage {stage}, {_days(answers, period)}. Made on {made_at} UTC.",
            top=[_headline(answers), KeyFigures(list(_figures(answers)))],
            sections=[*drawn, pipeline.reports(answers, copies)],
            foot="Every figure comes from a query in athena_queries/ of the name given under it. Dates are UTC.",
            has_contents=True,
        )
    )


def _days(answers: Answers, period: Period) -> str:
    days = [row["event_date"] for row in answers["events_by_type_and_date"]]
    found = f"events of {Period(min(days), max(days)).in_words()}" if days else "no events"
    return found if period == Period(None, None) else f"{period.in_words()}: {found}"


def _headline(answers: Answers) -> Headline:
    lines, missing = (total(answers[pipeline.LEDGER], name) for name in ("raw_lines", "unaccounted_lines"))
    if missing:
        return Headline(f"{missing:,} of {lines:,} raw lines are unaccounted for: run etl status.", "fail")
    if not lines:
        return Headline("No batch ran in this period.", "warn")
    return Headline(f"Each of {lines:,} raw lines became a row, a duplicate or a reject.", "pass")


def _figures(answers: Answers):
    events = answers["events_by_type_and_date"]
    yield KeyFigure("Events", number(total(events, "events")), f"{total(events, 'late_events'):,} late")
    yield from _shop_figures(answers)
    rejects, still_open = total(answers[quality.BY_REASON], "rejects"), total(answers[quality.OPEN], "open_rejects")
    yield KeyFigure("Rejects", number(rejects), f"{still_open:,} open now", "warn" if still_open else "")
    yield from _duplicates(answers)
    yield from _validations(answers)
    wait = pipeline.slowest_wait(answers[pipeline.FRESHNESS])
    if wait:
        yield KeyFigure("Freshness, p95", duration(wait[0]), f"slowest type, {wait[1]}")


def _shop_figures(answers: Answers):
    if answers.has(sales.REVENUE):
        for currency in sales.currencies(answers[sales.REVENUE]):
            rows = [row for row in answers[sales.REVENUE] if row["reporting_currency"] == currency]
            sold, refunded = total(rows, "sold_amount"), total(rows, "refunded_amount")
            yield KeyFigure(f"Sold, {currency}", number(sold), f"{number(refunded)} refunded")
    if answers.has("sessions_by_day"):
        rows = answers["sessions_by_day"]
        share = visits.funnel_share(answers)
        bought = f"{percent(share)} of visits buy" if share is not None else ""
        yield KeyFigure("Sessions", number(total(rows, "sessions")), bought)


def _duplicates(answers: Answers):
    rows = answers[quality.LATE]
    duplicates, lines = total(rows, "redelivered") + total(rows, "repeated"), total(rows, "raw_lines")
    yield KeyFigure("Duplicates", number(duplicates), f"{percent(duplicates / lines)} of lines" if lines else "")


def _validations(answers: Answers):
    rows = answers[quality.TREND]
    evaluated, passed = total(rows, "checks"), total(rows, "passed_checks")
    if evaluated:
        failed, warned = quality.failed_checks(rows, "fail"), quality.failed_checks(rows, "warn")
        state = "fail" if failed else "warn" if warned else "pass"
        note = f"{failed:,} failed, {warned:,} warned"
        yield KeyFigure("Expectations held", percent(passed / evaluated), note, state)
