"""The report's figures are its queries' results, whatever they are."""

import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from cli.report import pipeline, visits
from cli.report.answers import QUERIES, SHOP_QUERIES, queries_of
from cli.report.page import report_page
from cli.report.period import Period
from pages.numbers import MINUS
from pages.parts import NOTHING
from tests.unit.report_answers import TABLES, answer, answers

ALL_DAYS = Period(None, None)


def drawn(found=None, period=ALL_DAYS, copies=None):
    return report_page(found or answers(), period, "local", "2026-11-22 12:00", copies or {})


class Outline(HTMLParser):
    """Tables by the heading above them, key figures by label, and all text."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.figures, self.texts = {}, {}, []
        self._open, self._heading, self._above, self._label = [], "", "", ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "br", "path"):
            self._open.append(tag)
        if tag in ("h2", "figcaption", "caption", "summary"):
            self._above, self._heading = self._heading, ""
        if tag == "table":
            self.tables.setdefault(self._heading, [])
        if tag == "tr":
            self.tables[self._heading].append([])
        if tag in ("td", "th"):
            self.tables[self._heading][-1].append("")

    def handle_endtag(self, tag):
        if tag == "caption":
            self.tables.setdefault(self._heading, [])
        while self._open and self._open.pop() != tag:
            pass
        if tag == "summary" and self._heading == "Numbers":
            self._heading = self._above

    def handle_data(self, data):
        text, inside = data.strip(), set(self._open)
        if not text or "style" in inside:
            return
        self.texts.append(text)
        if inside & {"td", "th"} and "small" not in inside:
            self.tables[self._heading][-1][-1] += text
        elif inside & {"h2", "figcaption", "caption", "summary"}:
            self._heading += text
        elif "dt" in inside:
            self._label = text
        elif "dd" in inside:
            self.figures.setdefault(self._label, []).append(text)


@pytest.fixture(scope="module")
def html():
    return drawn(copies={"s3://reports/data-quality/b-2.html": "report-data-quality/b-2.html"})


@pytest.fixture(scope="module")
def outline(html):
    return Outline(html)


def numbers(outline, heading):
    """The rows under a heading without its head, thousands unseparated."""
    return [[cell.replace(",", "") for cell in row] for row in outline.tables[heading][1:]]


def column(query, name):
    found = answer(TABLES[query])
    return [row[found.columns.index(name)] for row in found.rows]


def total(query, name):
    return sum(Decimal(text) for text in column(query, name) if text is not None)


def test_key_figures_are_the_sums_of_the_queries(outline):
    assert outline.figures == {
        "Events": ["1,311", "4 late"],
        "Sold, EUR": ["1,334.75", "19.99 refunded"],
        "Sessions": ["421", "8 % of visits buy"],
        "Rejects": ["1,118", "16 open now"],
        "Duplicates": ["15", "1.1 % of lines"],
        "Expectations held": ["97.7 %", "1 failed, 2 warned"],
        "Freshness, p95": ["2 min 30 s", "slowest type, 2026-11-22"],
    }
    assert total("events_by_type_and_date", "events") == 1311
    assert total("revenue_by_day_category_and_channel", "sold_amount") == Decimal("1334.75")


def test_events_of_each_type_are_told_day_by_day_and_days_without_any_are_zero(outline):
    assert numbers(outline, "page_view") == [
        ["2026-11-20", "1197", "3"],
        ["2026-11-21", "0", "0"],
        ["2026-11-22", "34", "0"],
    ]
    assert numbers(outline, "purchase") == [
        ["2026-11-20", "0", "0"],
        ["2026-11-21", "76", "1"],
        ["2026-11-22", "0", "0"],
    ]


def test_sales_by_day_category_and_channel_come_to_the_same_sum(outline):
    assert numbers(outline, "Sold") == [["2026-11-20", "1234.50"], ["2026-11-21", "100.25"]]
    assert numbers(outline, "Refunded") == [["2026-11-20", "19.99"], ["2026-11-21", "0"]]
    assert numbers(outline, "Sold by category") == [
        ["kitchen", "4", "1234.75", "1", "19.99"],
        ["<b>garden</b>", "2", "100.00", "0", "0"],
    ]
    assert numbers(outline, "Sold by channel") == [
        ["email", "3", "1234.50", "1", "19.99"],
        ["search", "3", "100.25", "0", "0"],
    ]
    assert "5 order lines and 2 refunds had no exchange rate: they are in no amount above." in outline.texts


def test_the_funnel_adds_the_days_up(outline):
    assert numbers(outline, "How far visits come") == [
        ["Visits", "400", "100 %"],
        ["… to a product", "270", "67.5 %"],
        ["… into the cart", "100", "25 %"],
        ["… to a purchase", "32", "8 %"],
    ]


def test_products_show_their_trend_and_what_has_none(outline):
    assert [row[-1] for row in outline.tables["Products that sell best"][1:]] == [
        "▲ 50 %",
        f"▼ {MINUS}50 %",
        "new",
        "new",
    ]
    assert [row[2] for row in outline.tables["Products that sell best"][1:]] == ["1,200.00", "100.00", "34.75", NOTHING]


def test_cohorts_are_a_table_of_weeks(outline):
    heading = "Share of the users of a week who were there again so many weeks later"
    assert outline.tables[heading] == [
        ["Week of", "Users", "+1"],
        ["2026-11-09", "200", "25 %"],
        ["2026-11-16", "90", ""],
    ]


def test_validations_are_told_by_table_and_day_and_failures_first(outline):
    assert numbers(outline, "Expectations of events that held") == [["2026-11-20", "98.8 %"], ["2026-11-21", "95 %"]]
    assert numbers(outline, "Expectations of rejects that held") == [["2026-11-21", "100 %"]]
    assert [row[0] for row in numbers(outline, "What did not hold")] == ["fail", "warn", "warn"]
    assert [row[4] for row in numbers(outline, "What did not hold")] == ["3 of 77", "12 of 1234", ""]


def test_the_balance_is_spelled_out_and_told_by_batch_date(outline):
    assert "1,333 raw lines = 1,311 rows + 15 duplicates + 7 rejects" in outline.texts
    assert "Each of 1,333 raw lines became a row, a duplicate or a reject." in outline.texts
    assert numbers(outline, "What became of raw lines") == [
        ["2026-11-20", "4", "1220", "1205", "15", "0", "0"],
        ["2026-11-22", "2", "113", "106", "0", "7", "0"],
    ]


def test_a_ledger_that_does_not_balance_says_so_at_once():
    broken = TABLES["ledger_balance"].replace("| 7              | 0", "| 5              | 2")
    outline = Outline(drawn(answers(is_empty=True, ledger_balance=broken)))
    assert "2 of 1,333 raw lines are unaccounted for: run etl status." in outline.texts
    assert "1,333 raw lines ≠ 1,311 rows + 15 duplicates + 5 rejects: 2 unaccounted" in outline.texts


def test_freshness_late_rows_duplicates_and_bytes_are_the_queries_own(outline):
    assert numbers(outline, "Slowest type") == [
        ["2026-11-20", "1 min 20 s", "3 min 20 s"],
        ["2026-11-22", "1 min 6 s", "2 min 30 s"],
    ]
    assert numbers(outline, "Late rows") == [["2026-11-20", "0.2 %"], ["2026-11-22", "0.9 %"]]
    assert numbers(outline, "Duplicates")[0] == ["2026-11-20", "4", "11"]
    assert [row[4] for row in numbers(outline, "Size of a type")] == ["4000000", "1000000"]


def test_refused_records_do_not_bring_their_text_onto_the_page(html):
    assert "/shop/web" in html and "jane" not in html and "max@" not in html and "+43" not in html
    assert "(no plain name)" in html and "(unknown)" in html


def test_every_query_of_the_report_is_named_on_it(html):
    assert [name for name in QUERIES if f"query <code>{name}</code>" not in html] == []


def test_reports_are_linked_where_they_were_copied_and_else_said_where_they_lie(html):
    assert re.findall('<a href="([^#][^"]*)">([^<]*)</a>', html) == [("report-data-quality/b-2.html", "open")]
    assert "<code>s3://reports/data-quality/d-1.html</code>" in html
    assert "To open one" in pipeline.reports(answers(["newest_quality_reports"]), {}).parts[1].text


def test_no_rows_at_all_are_a_page_that_says_so():
    outline = Outline(drawn(answers(is_empty=True), Period(date(2026, 11, 1), date(2026, 11, 2))))
    assert outline.texts.count("Nothing in this period.") == 13
    assert "No batch ran in this period." in outline.texts
    assert outline.figures["Events"] == ["0", "0 late"]


def test_without_the_shops_contracts_the_rest_is_reported():
    names = queries_of({"wikipedia_edit"})
    assert set(QUERIES) - set(names) == SHOP_QUERIES.keys()
    outline = Outline(drawn(answers(names, is_empty=True)))
    assert "Sessions" not in outline.figures and "Sales and refunds" not in outline.texts
    assert "The ledger's balance" in outline.texts


def test_a_period_is_drawn_from_end_to_end():
    period, of_purchases = Period(date(2026, 11, 19), date(2026, 11, 23)), answers(["events_by_type_and_date"])
    plots = visits.events(of_purchases, period).parts[0].plots
    days = [date(2026, 11, day) for day in range(19, 24)]
    assert [[row[0] for row in plot.numbers.rows] for plot in plots] == [days, days]


def test_types_whose_days_lie_years_apart_are_drawn_each_over_its_own():
    days = "event_type varchar | event_date date | events bigint | late_events bigint\n{} | {} | 1 | 0\n{} | {} | 1 | 0"
    found = answers(
        ["events_by_type_and_date"], events_by_type_and_date=days.format("edit", "2015-05-01", "view", "2026-05-01")
    )
    assert [len(plot.numbers.rows) for plot in visits.events(found, ALL_DAYS).parts[0].plots] == [1, 1]
