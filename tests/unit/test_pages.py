"""What every page keeps: texts escaped, numbers readable, nothing from elsewhere, and a plot for every look."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from pages.numbers import duration, number, percent, size
from pages.page import render
from pages.parts import Cell, Details, Headline, KeyFigure, KeyFigures, Page, Plot, Plots, Prose, Section, Table
from pages.plots import bars, by_day, filled, plain

DAYS = {date(2026, 11, 21): 1200, date(2026, 11, 22): 34}
NUMBERS = Table(["Date", "Events"], [["2026-11-21", 1200], ["2026-11-22", 34]])


def plots():
    views = Plot(
        "Views <b>",
        by_day("views", "Views & more by day", [DAYS, DAYS], "events"),
        NUMBERS,
        source="views_by_day",
        legend=["web", "app"],
    )
    return Plots([views, Plot("Reasons", bars("reasons", "Rejects", [("a & b", 12_345.0)], "rejects"), NUMBERS)])


def page(*parts):
    return Page("Title", "Intro.", [Section("First part", parts)], code="<code>", has_contents=True, foot="End.")


def test_every_text_is_escaped():
    html = render(
        page(
            plots(),
            Headline("<i>1</i>", "pass"),
            Prose("<i>2</i>"),
            KeyFigures([KeyFigure("<i>3</i>", "<i>4</i>", "<i>5</i>")]),
            Details("<i>6</i>", Table(["<i>7</i>"], [[Cell("<i>8</i>", note="<i>9</i>", href='"<i>10</i>')]])),
        )
    )
    assert "<i>" not in html and "<b>" not in html and "<code>&lt;code&gt;</code>" in html
    assert all(f"&lt;i&gt;{n}&lt;/i&gt;" in html for n in range(1, 11))


def test_a_page_names_nothing_outside_itself_and_forbids_to_fetch():
    html = render(page(plots()))
    assert "http:" not in html and "https:" not in html and "src=" not in html and "<script" not in html
    assert "default-src &#39;none&#39;" in html


def test_the_same_page_is_the_same_text():
    assert render(page(plots())) == render(page(plots()))


def test_a_plot_keeps_its_text_and_takes_its_colours_from_the_page():
    svg = by_day("views", "Views & more", [DAYS, DAYS], "events")
    assert 'role="img" aria-label="Views &amp; more"' in svg and "<title>Views &amp; more</title>" in svg
    assert ">21 Nov</text>" in svg and ">22 Nov</text>" in svg and ">2,000</text>" in svg and ">events</text>" in svg
    assert "var(--series-1)" in svg and "var(--series-2)" in svg
    assert not re.search(r"[: \"]#[0-9a-f]{6}", svg) and "DejaVu" not in svg and "<style" not in svg


def test_bars_carry_their_values_and_long_names_are_cut():
    svg = bars("b", "Bars", [("short", 12_345), ("a name that is longer than a phone is wide", 1)], "rejects")
    assert ">12,345</text>" in svg and ">a name that is longer…</text>" in svg


@pytest.mark.parametrize("days", [{date(2026, 11, 21): 0}, {date(2025, 12, 31): 1, date(2026, 1, 1): 2}])
def test_one_day_or_nothing_but_zero_is_drawn_too(days):
    assert "<svg" in by_day("d", "Days", [days], "events")


def test_the_axis_of_shares_ends_at_one():
    svg = by_day("d", "Days", [{date(2026, 11, 21): 1}], "share", percent, at_most=1)
    assert ">100 %</text>" in svg and ">200 %</text>" not in svg


def test_bars_of_nothing_are_an_empty_plot():
    assert "<svg" in bars("b", "Bars", [], "rejects")


@pytest.mark.parametrize(
    ("days", "named"), [(1, [20]), (5, [16, 17, 18, 19, 20]), (8, [14, 16, 18, 20]), (20, [4, 8, 12, 16, 20])]
)
def test_days_are_named_at_even_steps_up_to_the_newest(days, named):
    newest = date(2026, 11, 20)
    svg = by_day("d", "Days", [filled({newest: 1}, newest - timedelta(days - 1), newest)], "events")
    assert sorted(int(day) for day in re.findall(r">(\d+) Nov</text>", svg)) == named


def test_many_days_are_lines_and_few_ticks():
    year = filled({}, date(2026, 1, 1), date(2026, 12, 31))
    svg = by_day("d", "Days", [year], "events")
    named = re.findall(r">(\d+ [A-Z][a-z]{2})</text>", svg)
    assert named[0] == "31 Dec" and len(named) == 5


def test_days_without_a_value_are_zero():
    assert filled({date(2026, 11, 22): 5}, date(2026, 11, 21), date(2026, 11, 23)) == {
        date(2026, 11, 21): 0,
        date(2026, 11, 22): 5,
        date(2026, 11, 23): 0,
    }


def test_a_table_has_numbers_to_the_right_and_a_dash_for_null():
    html = render(page(Table(["Name", "Amount"], [["a", Decimal("1234.50")], ["b", None]])))
    assert '<td data-label="Amount" class="number">1,234.50</td>' in html
    assert '<td data-label="Amount" class="number">\N{EN DASH}</td>' in html
    assert "none</td>" in render(page(Table(["Name"], [])))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (number(-1234), "\N{MINUS SIGN}1,234"),
        (percent(0.1875), "18.8 %"),
        (percent(1), "100 %"),
        (percent(0.99999), "> 99.9 %"),
        (percent(0.00001), "< 0.1 %"),
        (percent(-0.5), "\N{MINUS SIGN}50 %"),
        (size(999), "999 B"),
        (size(1234), "1.2 kB"),
        (size(123_456_789), "123 MB"),
        (duration(4.25), "4.2 s"),
        (duration(61), "1 min 1 s"),
        (duration(7200), "2 h"),
        (duration(90_000), "1 d 1 h"),
        (plain(1_500_000), "1.5 M"),
        (plain(20_000), "20,000"),
        (plain(0.25), "0.25"),
    ],
)
def test_numbers_are_readable(shown, expected):
    assert shown == expected
