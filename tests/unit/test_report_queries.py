"""Which queries a report asks, over which days, and what it says where that fails."""

import re
from datetime import date
from pathlib import Path

import pytest

from cli.report.answers import QUERIES, ask_all, queries_of, texts_of
from cli.report.period import FIRST_DATE, Period, narrowed, read_period
from contracts.contract import load_contracts
from contracts.errors import PipelineError

ROOT = Path(__file__).parents[2]
ALL_DAYS = Period(None, None)


@pytest.mark.parametrize("query", QUERIES)
def test_every_first_date_of_a_query_is_moved_with_the_period(query):
    sql = (ROOT / f"athena_queries/{query}.sql").read_text()
    moved = narrowed(sql, Period(date(2026, 11, 1), date(2026, 11, 30)))
    assert FIRST_DATE not in moved
    assert moved.count("2026-11-01") == sql.count(FIRST_DATE)
    assert narrowed(sql, ALL_DAYS) == sql


def test_a_period_bounds_days_and_leaves_later_decisions_in():
    period = Period(date(2026, 11, 1), date(2026, 11, 30))
    assert narrowed("where e.event_date >= date '2020-01-01'", period) == (
        "where e.event_date >= date '2026-11-01' and e.event_date <= date '2026-11-30'"
    )
    assert narrowed("batch_date >= '2020-01-01'", period) == "batch_date >= '2026-11-01' and batch_date <= '2026-11-30'"
    assert narrowed("fate_date >= '2020-01-01'", period) == "fate_date >= '2026-11-01'"
    assert narrowed("batch_date >= '2020-01-01'", Period(None, date(2026, 11, 30))) == (
        "batch_date >= '2020-01-01' and batch_date <= '2026-11-30'"
    )


def test_what_is_open_or_stored_now_is_asked_whatever_the_period():
    texts = texts_of(ROOT, QUERIES, Period(date(2026, 11, 1), None))
    assert "2020-01-01" in texts["open_rejects"] and "2026-11-01" in texts["ledger_balance"]


def test_a_trend_is_asked_with_the_days_before_the_period():
    [sql] = texts_of(ROOT, ["top_products_with_trend"], Period(date(2026, 11, 14), date(2026, 11, 14))).values()
    assert "event_date >= date '2026-11-01' and event_date <= date '2026-11-14'" in sql


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2026-13-01", "", "--from is '2026-13-01'; expected a date as 2026-11-22."),
        ("", "yesterday", "--to is 'yesterday'; expected a date as 2026-11-22."),
        (
            "2026-11-02",
            "2026-11-01",
            "--from 2026-11-02 is after --to 2026-11-01; expected the earlier date first. Swap them.",
        ),
    ],
)
def test_a_period_that_is_none_is_refused(first, last, message):
    with pytest.raises(PipelineError, match=re.escape(message)):
        read_period(first, last)


def test_a_query_that_fails_is_named():
    def refuse(sql):
        raise PipelineError("the query failed: TABLE_NOT_FOUND")

    with pytest.raises(PipelineError, match=r"athena_queries/ledger_balance.sql: the query failed: TABLE_NOT_FOUND"):
        ask_all(refuse, {"ledger_balance": "select 1"}, lambda *_: None)


def test_the_shops_contracts_are_enough_for_every_query():
    assert queries_of(load_contracts()) == list(QUERIES)
