"""Whole days of a table, one at a time, and of them only the columns that a suite names."""

from __future__ import annotations

import awswrangler as wr
import pandas as pd
from pyiceberg.expressions import EqualTo
from pyiceberg.table import Table

from contracts.contract import Contract
from contracts.errors import ConfigurationError
from lambdas.validation.flatten import columns_to_read, flatten
from validation.questions import rows_of_day
from validation.tables import DatedTable

# A day is held as a whole, since it is asked whether its identities are unique.
LARGEST_DAY_ROWS = 5_000_000


def read_events(
    table: Table, snapshot_id: int | None, day: str, names: list[str], contracts: dict[str, Contract]
) -> pd.DataFrame:
    """The rows of a day that a snapshot of the Iceberg table holds, flat, with the columns of these names."""
    if snapshot_id is None:
        return pd.DataFrame(columns=names)
    held = set(table.schema().column_names)
    columns = tuple(column for column in columns_to_read(names, contracts) if column in held)
    scan = table.scan(row_filter=EqualTo("event_date", day), selected_fields=columns, snapshot_id=snapshot_id)
    require_bounded(day, sum(task.file.record_count for task in scan.plan_files()))
    return flatten(scan.to_arrow(), names, contracts).to_pandas()


def read_rows(table: DatedTable, day: str, names: list[str], database: str, work_group: str) -> pd.DataFrame:
    """The rows of a day of a table that Athena reads as JSON."""
    query = rows_of_day(table, names, day)
    return wr.athena.read_sql_query(query, database, workgroup=work_group, ctas_approach=False)


def require_bounded(day: str, rows: int, most: int = LARGEST_DAY_ROWS) -> None:
    """ConfigurationError where a day has more rows than are held at a time."""
    if rows > most:
        raise ConfigurationError(
            f"{day} has {rows:,} rows; expected {most:,} at most, since a day is held as a whole. "
            "Validate such days by a suite in SQL, or raise LARGEST_DAY_ROWS and the memory of the task."
        )
