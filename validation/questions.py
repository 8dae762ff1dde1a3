"""What Athena is asked about the days: one query each, kept to the partitions of its dates."""

from __future__ import annotations

from collections.abc import Iterable

from validation.tables import DatedTable


def profile(table: DatedTable, columns: Iterable[str], numeric: Iterable[str], first: str, last: str) -> str:
    """Rows by day and group; values that are there by column (`there_0`, …); quantiles by number (`p50_0`, …)."""
    there = [f"count({quoted(column)}) as there_{n}" for n, column in enumerate(columns)]
    spread = [
        f"approx_percentile(cast({quoted(column)} as double), {share}) as p{round(100 * share)}_{n}"
        for n, column in enumerate(numeric)
        for share in (0.1, 0.5, 0.9)
    ]
    measures = ",\n    ".join(["count(*) as row_count", *there, *spread])
    return (
        f"select\n    cast({table.date_column} as varchar) as day,\n    {table.group_column} as kind,\n    {measures}\n"
        f"from {table.name}\nwhere {table.between(first, last)}\ngroup by 1, 2\norder by 1, 2"
    )


def lateness(table: DatedTable, first: str, last: str) -> str:
    """Late events by day and type, and how late they were, in seconds."""
    return (
        "select\n    cast(event_date as varchar) as day,\n    event_type as kind,\n    count(*) as row_count,\n"
        "    count_if(is_late) as late,\n"
        "    approx_percentile(if(is_late, cast(lateness_seconds as double)), 0.5) as p50_seconds,\n"
        "    max(if(is_late, lateness_seconds)) as longest_seconds\n"
        f"from events\nwhere {table.between(first, last)}\ngroup by 1, 2\norder by 1, 2"
    )


def freshness(table: DatedTable, first: str, last: str, batches_since: str) -> str:
    """Seconds from arrival in the stream until the ledger last recorded the batch, by day.

    `batches_since` is the first batch date that can hold events of these days.
    """
    return (
        "with recorded as (\n    select batch_id, from_iso8601_timestamp(recorded_at) as recorded_time\n"
        f"    from batches\n    where status in ('committed', 'published') and batch_date >= '{batches_since}'\n),\n"
        "waits as (\n    select\n        cast(events.event_date as varchar) as day,\n"
        "        date_diff('millisecond', events.arrival_time, recorded.recorded_time) / 1e3 as seconds\n"
        "    from events\n    inner join recorded on events.batch_id = recorded.batch_id\n"
        f"    where events.{table.between(first, last)}\n)\n"
        "select\n    day,\n    count(*) as row_count,\n    approx_percentile(seconds, 0.5) as p50_seconds,\n"
        "    approx_percentile(seconds, 0.95) as p95_seconds,\n    max(seconds) as longest_seconds\n"
        "from waits\ngroup by day\norder by day"
    )


def rejects(first: str, last: str) -> str:
    """Rejects by day of arrival, stage and reason, each record once however often its batch was run."""
    return (
        "select\n    reject_date as day,\n    stage,\n    reason,\n    count(distinct reject_id) as rejects\n"
        f"from rejected_events\nwhere reject_date between '{first}' and '{last}'\ngroup by 1, 2, 3\norder by 1, 2, 3"
    )


def rows_of_day(table: DatedTable, columns: Iterable[str], day: str) -> str:
    """The columns of one day; of hidden ones only whether they are there."""
    hidden = {column: f"if({quoted(column)} is not null, 'there') as {quoted(column)}" for column in table.hidden}
    listed = ", ".join(hidden.get(column) or quoted(column) for column in columns)
    return f"select {listed} from {table.name} where {table.between(day, day)}"


def quoted(path: str) -> str:
    """`purchase.total` -> `"purchase"."total"`: a name may be a word of the language."""
    return ".".join(f'"{part}"' for part in path.split("."))
