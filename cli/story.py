"""What the demo tells, as text and tables; and what is wrong with it, if anything is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from cli.sending.accounting import Outcome

DAY = timedelta(days=1)
REVENUE = """
select purchase.currency as currency,
       count(*) as orders,
       sum(purchase.total) as revenue
from events
where event_type = 'purchase'
group by purchase.currency
order by orders desc
""".strip()
ROWS_BY_DAY = """
select event_type, cast(event_date as varchar) as event_date, count(*) as events
from events
where batch_id in ({batches})
group by event_type, event_date
order by event_type, event_date
"""


def demo_start(up_since: datetime, now: datetime) -> datetime:
    """Start of the demo's day: it ended when the local AWS was deployed, or whole days later.

    So two demos of one day send the same events, and the second adds no row.
    """
    whole_days = max(0, (now - up_since) // DAY)
    return up_since.replace(microsecond=0) + whole_days * DAY - DAY


def complaints(outcome: Outcome, is_balanced: bool, downstream: int, rows_in_table: int) -> list[str]:
    """What does not add up; nothing in a sound demo."""
    found = []
    if outcome.unaccounted:
        found.append(f"{outcome.unaccounted:,} lines went in and came out nowhere: {outcome.sum_in_words()}.")
    if not is_balanced:
        found.append("The ledger does not balance; `etl status` shows where.")
    if downstream != outcome.rows - outcome.unsent:
        expected = f"{outcome.rows - outcome.unsent:,}, one for each row that is published"
        found.append(f"{downstream:,} events reached the downstream stream; expected {expected}.")
    if outcome.publish_failures:
        found.append(f"{outcome.publish_failures:,} rows could not be published; `etl publish` sends them again.")
    if outcome.quarantined:
        found.append(f"{outcome.quarantined:,} lines are in quarantine; `etl quarantine list` shows why.")
    if rows_in_table != outcome.rows:
        found.append(f"the table holds {rows_in_table:,} rows of these batches; the ledger says {outcome.rows:,}.")
    return found


def quoted(batch_ids: Iterable[str]) -> str:
    """Batch ids as a list of SQL texts; they are UUIDs, or names that reconciliation made of such."""
    return ", ".join(f"'{batch_id}'" for batch_id in batch_ids) or "''"


def pivot(rows: list[list[str]]) -> tuple[list[str], list[list[Any]]]:
    """(type, date, count) rows as a table: a line per type, a column per date, sums at the end."""
    dates = sorted({date for _, date, _ in rows})
    counts = {(kind, date): int(count) for kind, date, count in rows}
    kinds = sorted({kind for kind, _, _ in rows})
    lines = [[kind, *(counts.get((kind, date)) for date in dates)] for kind in kinds]
    lines = [[*line, sum(filter(None, line[1:]))] for line in lines]
    return ["event_type", *dates, "all"], lines


def pretty_event(line: bytes) -> str:
    """An event as it went in, for people."""
    return json.dumps(json.loads(line), ensure_ascii=False, indent=2)


def pretty_row(row: dict) -> str:
    """A row as it came out: members that are null are left out."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    return orjson.dumps(_without_nulls(row), default=_exact, option=options).decode()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if isinstance(value, list) else value


def _exact(value: Any) -> orjson.Fragment:
    """A decimal with all its digits."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"no JSON for {type(value).__name__}")
