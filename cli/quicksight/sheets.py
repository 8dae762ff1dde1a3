"""The four sheets: what people look at first. The text sketch in docs/dashboards.md shows them."""

from __future__ import annotations

from dataclasses import dataclass

from cli.quicksight.visuals import (
    MONEY,
    SHARE,
    Dimension,
    Measure,
    Visual,
    bars,
    kpi,
    lines,
    table,
)


@dataclass(frozen=True)
class Sheet:
    """Visuals by rows of the grid, each with its height; days shown by dataset; columns that the reader may choose."""

    id: str
    title: str
    description: str
    rows: tuple[tuple[int, tuple[Visual, ...]], ...]
    days: tuple[Dimension, ...]
    choices: tuple[Dimension, ...]
    parameters: tuple[str, ...] = ()


# Sums first: a share of sums is not the sum of shares.
CALCULATED = {
    ("revenue", "net_amount"): "sum(ifelse(isNull({sold_amount}), 0, {sold_amount}))"
    " - sum(ifelse(isNull({refunded_amount}), 0, {refunded_amount}))",
    ("revenue", "refund_share"): "sum({refunded_amount}) / sum({sold_amount})",
    ("funnel", "visits_to_product_share"): "sum({visits_with_product}) / sum({visits})",
    ("funnel", "visits_to_cart_share"): "sum({visits_with_cart}) / sum({visits})",
    ("funnel", "visits_to_purchase_share"): "sum({visits_with_purchase}) / sum({visits})",
    ("quality", "checks_passed_share"): "sum({passed_checks}) / sum({checks})",
    ("freshness", "is_on_time"): "ifelse({p95_since_arrival_seconds} <= ${FreshnessTargetSeconds}, 1, 0)",
}
# Name of the parameter: what its control says, its value at first, least, most and step.
PARAMETERS = {"FreshnessTargetSeconds": ("Target for 95 of 100 events, seconds from arrival", 300, 30, 3600, 30)}


def _day(dataset: str, name: str) -> Dimension:
    return Dimension(dataset, name, is_date=True)


def _sum(dataset: str, name: str) -> Measure:
    return Measure(dataset, name, "SUM")


def _share(dataset: str, name: str) -> Measure:
    return Measure(dataset, name, None, SHARE)


def _longest(name: str) -> Measure:
    return Measure("freshness", name, "MAX")


def _row(height: int, *visuals: Visual) -> tuple[int, tuple[Visual, ...]]:
    return height, visuals


def _revenue() -> Sheet:
    day, category, channel = (
        _day("revenue", "event_date"),
        Dimension("revenue", "category"),
        Dimension("revenue", "channel"),
    )
    currency, net = Dimension("revenue", "reporting_currency"), Measure("revenue", "net_amount", None, MONEY)
    sold, refunded = (_sum("revenue", name) for name in ("sold_amount", "refunded_amount"))
    sold_lines, refunds = (_sum("revenue", name) for name in ("sold_lines", "refunds"))
    rows = (
        _row(
            5,
            kpi("revenue-sold", "Sold (reporting currency)", sold),
            kpi("revenue-refunded", "Refunded (reporting currency)", refunded),
            kpi("revenue-net", "Sold less refunded (reporting currency)", net),
            kpi("revenue-refund-share", "Refunded share of what was sold", _share("revenue", "refund_share")),
        ),
        _row(10, lines("revenue-by-day", "Sold and refunded by day (reporting currency)", day, (sold, refunded))),
        _row(
            10,
            bars("revenue-by-category", "Sold by category (reporting currency)", category, (sold,)),
            bars("revenue-by-channel", "Sold by channel (reporting currency)", channel, (sold,)),
        ),
        _row(
            12,
            table(
                "revenue-table",
                "By day, category, channel and currency",
                (day, category, channel, currency),
                (sold_lines, sold, refunds, refunded, net),
            ),
        ),
    )
    text = "Order lines without shipping and tax, in the reporting currency. Days are UTC. Without an exchange rate: "
    text += "counted, but in no amount."
    return Sheet("revenue", "Revenue", text, rows, (day,), (category, channel, currency))


def _funnel() -> Sheet:
    day = _day("funnel", "visit_date")
    names = ("visits", "visits_with_product", "visits_with_cart", "visits_with_purchase")
    steps = tuple(_sum("funnel", name) for name in names)
    shares = tuple(_share("funnel", f"visits_to_{step}_share") for step in ("product", "cart", "purchase"))
    rows = (
        _row(
            5,
            kpi("funnel-visits", "Visits", steps[0]),
            kpi("funnel-product", "Came to a product", shares[0]),
            kpi("funnel-cart", "Came to the cart", shares[1]),
            kpi("funnel-purchase", "Bought", shares[2]),
        ),
        _row(
            10,
            bars("funnel-steps", "Visits that came to each step", None, steps),
            lines("funnel-by-day", "Share of visits that came to each step, by day", day, shares),
        ),
        _row(12, table("funnel-table", "By day on which the visit began", (day,), (*steps, *shares))),
    )
    text = "A visit is a session_id of the shop; a step counts if it is not before the step above it. Days are UTC."
    return Sheet("funnel", "Funnel", text, rows, (day,), ())


def _quality() -> Sheet:
    day, rejected_on = _day("quality", "data_date"), _day("rejects", "reject_date")
    of, severity, kind = (Dimension("quality", name) for name in ("table_name", "severity", "run_kind"))
    reason, stage = Dimension("rejects", "reason"), Dimension("rejects", "stage")
    passed, rejects = _share("quality", "checks_passed_share"), _sum("rejects", "rejects")
    checks, failed, unexpected = (_sum("quality", name) for name in ("checks", "failed_checks", "unexpected_values"))
    rows = (
        _row(
            5,
            kpi("quality-passed", "Checks that held", passed),
            kpi("quality-failed", "Checks that did not hold", failed),
            kpi("quality-rejects", "Records refused", rejects),
        ),
        _row(10, lines("quality-by-day", "Share of checks that held, by validated day and table", day, (passed,), of)),
        _row(
            10,
            lines("quality-rejects-by-day", "Records refused by day and reason", rejected_on, (rejects,), reason),
            bars("quality-rejects-by-reason", "Records refused by reason and stage", reason, (rejects,), stage),
        ),
        _row(
            12,
            table(
                "quality-table",
                "By validated day, table, severity and kind of run",
                (day, of, severity, kind),
                (checks, failed, passed, unexpected),
            ),
        ),
    )
    text = "A check is an expectation in one validation run; fail stops a batch, warn is reported. Days are UTC."
    return Sheet("quality", "Quality", text, rows, (day, rejected_on), (of, severity, reason))


def _freshness() -> Sheet:
    day, kind = _day("freshness", "batch_date"), Dimension("freshness", "event_type")
    p50, p95, most = (_longest(f"{name}_since_arrival_seconds") for name in ("p50", "p95", "max"))
    event_p50, event_p95 = (_longest(f"{name}_since_event_seconds") for name in ("p50", "p95"))
    on_time, events = Measure("freshness", "is_on_time", "AVERAGE", SHARE), _sum("freshness", "events")
    rows = (
        _row(
            5,
            kpi("freshness-on-time", "Types and days within the target", on_time),
            kpi("freshness-p95", "Slowest type and day: 95th percentile since arrival (s)", p95),
            kpi("freshness-events", "Events that became rows", events),
        ),
        _row(10, lines("freshness-by-type", "95th percentile since arrival, by day and type (s)", day, (p95,), kind)),
        _row(
            10,
            lines("freshness-arrival", "Since arrival: slowest type of the day (s)", day, (p50, p95, most)),
            lines("freshness-event", "Since the event's own time: slowest type (s)", day, (event_p50, event_p95)),
        ),
        _row(
            12,
            table(
                "freshness-table",
                "By batch day and type (s)",
                (day, kind),
                (events, p50, p95, most, event_p50, event_p95),
            ),
        ),
    )
    text = "Seconds until the ledger last recorded the batch. Percentiles of types cannot be added: over several types "
    text += "the slowest is shown. Days are UTC, of the batch."
    return Sheet("freshness", "Freshness", text, rows, (day,), (kind,), ("FreshnessTargetSeconds",))


def sheets() -> list[Sheet]:
    """The sheets in the order of their tabs."""
    return [_revenue(), _funnel(), _quality(), _freshness()]
