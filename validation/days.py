"""Whole days of a table, one at a time, and of them only the columns that a suite names."""

from __future__ import annotations

import awswrangler as wr
import pandas as pd
import pyarrow as pa
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, In, LessThan
from pyiceberg.table import Table

from contracts.contract import Contract
from contracts.errors import ConfigurationError
from quality.flatten import ACROSS, as_frame, columns_to_read, flatten, together
from quality.orders import REFUNDS
from validation.questions import rows_of_day
from validation.run import Run
from validation.tables import DatedTable

# A day is held as a whole, since it is asked whether its identities are unique.
LARGEST_DAY_ROWS = 5_000_000
REFUND_TYPES = sorted({column.partition(".")[0] for column in REFUNDS})
Contracts = dict[str, Contract]


def read_events(
    table: Table, snapshot_id: int | None, day: str, names: list[str], contracts: Contracts, first_before: str
) -> pd.DataFrame:
    """The rows of a day that a snapshot of the Iceberg table holds, flat, with the columns of these names.

    Orders and refunds from `first_before` on are read as well where a column sets refunds against their orders.
    """
    is_day = EqualTo("event_date", day)
    rows = _scanned(table, snapshot_id, is_day, columns_to_read(names, contracts))
    earlier = None
    if ACROSS.keys() & set(names):
        is_before = And(GreaterThanOrEqual("event_date", first_before), LessThan("event_date", day))
        before = _scanned(table, snapshot_id, And(In("event_type", REFUND_TYPES), is_before), list(REFUNDS))
        earlier = flatten(before, REFUNDS, contracts)
    return as_frame(together([flatten(rows, names, contracts)], names, earlier))


def _scanned(table: Table, snapshot_id: int | None, wanted, columns: list[str]) -> pa.Table:
    """Rows of a snapshot."""
    held = set(table.schema().column_names)
    # Suites name members of lists as Parquet does.
    named = [column.replace(".list.element.", ".element.") for column in columns]
    selected = tuple(name for name in named if name in held)
    scan = table.scan(row_filter=wanted, selected_fields=selected, snapshot_id=snapshot_id)
    require_bounded(str(wanted), sum(task.file.record_count for task in scan.plan_files()))
    return scan.to_arrow()


def read_rows(table: DatedTable, day: str, names: list[str], contracts: Contracts, run: Run) -> pd.DataFrame:
    """The rows of a day of a table that Athena reads as JSON, with the columns of these names."""
    query = rows_of_day(table, columns_to_read(names, contracts), day)
    rows = wr.athena.read_sql_query(query, run.database, workgroup=run.work_group, ctas_approach=False)
    flat = flatten(pa.Table.from_pandas(rows, preserve_index=False), names, contracts)
    return as_frame(together([flat], names))


def require_bounded(what: str, rows: int, most: int = LARGEST_DAY_ROWS) -> None:
    """ConfigurationError where more rows are asked for than are held at a time."""
    if rows > most:
        raise ConfigurationError(
            f"{what}: {rows:,} rows; expected {most:,} at most, since a day is held as a whole. "
            "Raise LARGEST_DAY_ROWS and the memory of the task."
        )
