"""Asks the shipped queries that a report shows, several side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cli.query import Answer, as_json
from cli.report.period import Period, narrowed
from contracts.errors import PipelineError

SIDE_BY_SIDE = 4
FOLDER = "athena_queries"
# Event types whose columns or views a query names.
SHOP_QUERIES = {
    "revenue_by_day_category_and_channel": {"page_view", "purchase", "refund"},
    "revenue_by_day_and_currency": {"purchase", "refund"},
    "top_products_with_trend": {"purchase"},
    "funnel_from_view_to_purchase": {"page_view", "add_to_cart", "purchase"},
    "sessions_by_day": {"page_view", "add_to_cart", "purchase"},
    "retention_by_weekly_cohort": {"page_view", "add_to_cart", "purchase", "sign_up"},
}
QUERIES = (
    "events_by_type_and_date",
    *SHOP_QUERIES,
    "data_quality_by_day_and_table",
    "failed_expectations",
    "newest_quality_reports",
    "rejects_by_reason",
    "rejects_by_reason_and_producer",
    "open_rejects",
    "late_and_duplicate_events_by_day",
    "freshness_percentiles",
    "bytes_by_type_and_month",
    "ledger_balance",
)
# What is open now is open whatever the period.
WHOLE = {"open_rejects", "bytes_by_type_and_month"}
# A trend over the first days of a period needs the days before.
COMPARING, COMPARED_DAYS = {"top_products_with_trend"}, 13

Row = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """Rows by query, and what the queries read."""

    rows: Mapping[str, list[Row]]
    scanned_bytes: int = 0

    def __getitem__(self, query: str) -> list[Row]:
        return self.rows[query]

    def has(self, query: str) -> bool:
        """Whether it was asked."""
        return query in self.rows


def queries_of(event_types: Iterable[str]) -> list[str]:
    """The queries that can be answered where these event types have contracts."""
    known = set(event_types)
    return [name for name in QUERIES if SHOP_QUERIES.get(name, set()) <= known]


def ask_all(
    ask: Callable[[str], Answer], texts: Mapping[str, str], progress: Callable[[str, int, int], None]
) -> Answers:
    """The answers to queries by name; PipelineError names the one that failed."""
    found: dict[str, Answer] = {}
    progress("queries", 0, len(texts))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        asked = {pool.submit(ask, sql): name for name, sql in texts.items()}
        for future in as_completed(asked):
            try:
                found[asked[future]] = future.result()
            except PipelineError as error:
                pool.shutdown(wait=False, cancel_futures=True)
                raise PipelineError(f"{FOLDER}/{asked[future]}.sql: {error}") from error
            progress("queries", len(found), len(texts))
    rows = {name: typed_rows(found[name]) for name in texts}
    return Answers(rows, sum(answer.scanned_bytes for answer in found.values()))


def texts_of(root: Path, names: Iterable[str], period: Period) -> dict[str, str]:
    """The text of each query over the period."""
    texts = {name: (root / FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in names}
    return {name: narrowed(sql, _period_of(name, period)) for name, sql in texts.items()}


def _period_of(name: str, period: Period) -> Period:
    if name in WHOLE:
        return Period(None, None)
    return period.begun_before(COMPARED_DAYS) if name in COMPARING else period


def typed_rows(answer: Answer) -> list[Row]:
    """Rows by column name: decimals are Decimal, dates are dates, text that is not is text."""
    return [
        {name: _typed(text, kind) for name, kind, text in zip(answer.columns, answer.types, row, strict=True)}
        for row in answer.rows
    ]


def _typed(text: str | None, kind: str) -> Any:
    if text is None:
        return None
    if kind.startswith("decimal"):
        return Decimal(text)
    return date.fromisoformat(text) if kind == "date" else as_json(text, kind)
