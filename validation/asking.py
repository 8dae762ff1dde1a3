"""Answers of Athena for a run, by awswrangler."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import awswrangler as wr

from validation import questions
from validation.profile import Group, groups_of
from validation.run import Run
from validation.tables import DatedTable


def ask(run: Run, sql: str) -> list[dict[str, Any]]:
    """The rows of a query; it is billed by what it reads, so every question names its partitions."""
    found = wr.athena.read_sql_query(sql, run.database, workgroup=run.work_group, ctas_approach=False)
    return found.astype(object).where(found.notna(), None).to_dict("records")


def ask_profile(run: Run, table: DatedTable, columns: list[str], numeric: list[str]) -> list[Group]:
    """Profile of the days and of those before."""
    first = (run.days_before or run.days)[0]
    answer = ask(run, questions.profile(table, columns, numeric, first, run.date_to))
    return groups_of(answer, columns, numeric)


def ask_lateness(run: Run, table: DatedTable) -> list[dict[str, Any]]:
    return ask(run, questions.lateness(table, (run.days_before or run.days)[0], run.date_to))


def ask_freshness(run: Run, table: DatedTable) -> list[dict[str, Any]]:
    first = (run.days_before or run.days)[0]
    # An event may be dated ahead of its arrival, by a day at most.
    since = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
    return ask(run, questions.freshness(table, first, run.date_to, since))


def ask_rejects(run: Run) -> list[dict[str, Any]]:
    """Rejects of as many days of arrival, up to the day of the run, as are compared."""
    first = date.fromisoformat(run.run_date) - timedelta(days=max(run.history_days, len(run.days)))
    return ask(run, questions.rejects(first.isoformat(), run.run_date))
