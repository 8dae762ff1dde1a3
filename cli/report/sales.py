"""Sections about money: sales and refunds, products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cli.report.answers import Answers, Row
from cli.report.drawing import daily, day_of, figure, first_rows, over_days, ranked, section, sums, total
from cli.report.period import Period
from pages.numbers import number, percent
from pages.parts import NOTHING, Cell, Details, Plot, Plots, Prose, Section, Table

REVENUE, PAYMENTS, PRODUCTS = (
    "revenue_by_day_category_and_channel",
    "revenue_by_day_and_currency",
    "top_products_with_trend",
)
RISING, FALLING = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"


def sales(answers: Answers, period: Period) -> Section:
    rows = answers[REVENUE]
    return section("Sales and refunds", rows, lambda: _sales(rows, answers[PAYMENTS], period), REVENUE)


def _sales(rows: list[Row], payments: list[Row], period: Period) -> list:
    converted = [plot for currency in currencies(rows) for plot in _in_currency(rows, currency, period)]
    without = [row for row in rows if row["reporting_currency"] is None]
    lines, refunds = total(without, "sold_lines"), total(without, "refunds")
    missing = f"{lines:,} order lines and {refunds:,} refunds had no exchange rate: they are in no amount above."
    parts = [Plots(converted), Prose("Amounts of order lines, without shipping and tax.")]
    paid = Details("Paid and refunded in each currency, with shipping and tax", _payments(payments))
    return [*parts, *([Prose(missing)] if lines + refunds else []), paid]


def currencies(rows: list[Row]) -> list[str]:
    """Reporting currencies; one, unless it was changed."""
    return sorted({row["reporting_currency"] for row in rows if row["reporting_currency"]})


def _in_currency(rows: list[Row], currency: str, period: Period) -> list[Plot]:
    mine = [row for row in rows if row["reporting_currency"] == currency]
    sold = sums(mine, lambda row: day_of(row["event_date"]), "sold_amount")
    refunded = sums(mine, lambda row: day_of(row["event_date"]), "refunded_amount")
    return [
        daily("Sold", REVENUE, {"sold": over_days(sold, period)}, f"{currency} a day"),
        daily("Refunded", REVENUE, {"refunded": over_days(refunded, period)}, f"{currency} a day"),
        _split(mine, "category", "Sold by category", currency),
        _split(mine, "channel", "Sold by channel", currency),
    ]


def _split(rows: list[Row], column: str, title: str, currency: str) -> Plot:
    def key(row: Row) -> Any:
        return row[column]

    sold, refunded = sums(rows, key, "sold_amount"), sums(rows, key, "refunded_amount")
    lines, refunds = sums(rows, key, "sold_lines"), sums(rows, key, "refunds")
    names = sorted(sold, key=lambda name: (-sold[name], name))
    columns = [column.capitalize(), "Order lines", f"Sold, {currency}", "Refunds", f"Refunded, {currency}"]
    table = [[name, lines[name], sold[name], refunds[name], refunded[name]] for name in names]
    return ranked(title, REVENUE, {name: sold[name] for name in names}, currency, _whole, columns, table)


def _whole(amount: Any) -> str:
    return number(round(amount))


def _payments(rows: list[Row]) -> Table:
    def key(row: Row) -> Any:
        return row["currency"]

    found = [sums(rows, key, column) for column in ("orders", "paid", "refunds", "refunded")]
    rows = [[currency, *(column[currency] for column in found)] for currency in sorted(found[0])]
    return Table(["Currency", "Orders", "Paid", "Refunds", "Refunded"], rows, source=PAYMENTS)


def products(answers: Answers, period: Period) -> Section:
    rows = answers[PRODUCTS]
    found = section("Products that sell best", rows, lambda: _products(rows), PRODUCTS)
    return replace(found, source=PRODUCTS)


def _products(rows: list[Row]) -> list:
    most = max((row["sold_amount"] or 0 for row in rows), default=0) or 1
    shade: Callable[[Row], float] = lambda row: float((row["sold_amount"] or 0) / most)  # noqa: E731
    lines = [
        [
            Cell(row["product_name"] or row["product_id"], note=row["category"]),
            row["pieces"],
            Cell(number(row["sold_amount"]), is_number=True, shade=shade(row))
            if row["sold_amount"] is not None
            else None,
            trend(row),
        ]
        for row in rows
    ]
    told = (
        "The seven days up to the last purchase, in the reporting currency, against the seven before, "
        "whenever the period begins."
    )
    return [Prose(told), first_rows(["Product", "Pieces", "Sold", "Trend"], lines)]


def trend(row: Row) -> Cell:
    """Against the seven days before; a product that was not sold then is new."""
    if row["trend"] is None:
        return Cell("new" if not row["pieces_before"] else NOTHING, is_number=True)
    if row["trend"] == 0:
        return figure("= 0 %")
    sign, state = (RISING, "pass") if row["trend"] > 0 else (FALLING, "fail")
    return Cell(f"{sign} {percent(row['trend'])}", state=state, is_number=True)
