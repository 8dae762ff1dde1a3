"""The table `events` in the Glue catalog, by pyiceberg."""

from __future__ import annotations

from functools import reduce

from pyiceberg.catalog import load_catalog
from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    LessThanOrEqual,
    Or,
)
from pyiceberg.table import Table

from contracts.contract import Contract
from lake.columns import table_schema

BATCH_ID = "tributary.batch-id"


def open_table(database: str, table: str = "events") -> Table:
    """The table as it is now; region, credentials and endpoint are the environment's."""
    return load_catalog("glue", type="glue").load_table(f"{database}.{table}")


def overlap(spans: dict[str, tuple[str, str]] | None) -> BooleanExpression:
    """Rows that may be the same events as a batch's: same type, event time within the batch's span (RFC 3339)."""
    if spans is None:
        return AlwaysTrue()
    clauses = [
        And(
            EqualTo("event_type", t),
            GreaterThanOrEqual("event_time", low),
            LessThanOrEqual("event_time", high),
        )
        for t, (low, high) in spans.items()
    ]
    return reduce(Or, clauses)


def stored_files(table: Table, spans: dict[str, tuple[str, str]] | None) -> list[str]:
    """URIs of the current data files that may hold events of these types and times."""
    if table.current_snapshot() is None:
        return []
    return sorted(task.file.file_path for task in table.scan(row_filter=overlap(spans)).plan_files())


def committed_snapshot(table: Table, batch_id: str) -> int | None:
    """The snapshot that made the batch visible, while the table still keeps it."""
    return next(
        (
            s.snapshot_id
            for s in table.metadata.snapshots
            if s.summary and s.summary.additional_properties.get(BATCH_ID) == batch_id
        ),
        None,
    )


def sync_columns(database: str, contracts: dict[str, Contract], table: str = "events") -> list[str]:
    """Add the columns and fields that the contracts have and the table lacks; the names of those added."""
    iceberg = open_table(database, table)
    before = set(iceberg.schema().column_names)
    with iceberg.update_schema() as update:
        update.union_by_name(table_schema(contracts))
    return [name for name in iceberg.schema().column_names if name not in before]
