"""An Iceberg table of the catalog: the files of its current snapshot, as one Arrow dataset."""

import logging
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    LessThan,
    LessThanOrEqual,
    Or,
)
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, StaticTable
from pyiceberg.types import DateType, IntegerType, LongType, StringType, TimestampType, TimestamptzType

from local.athena.errors import QueryError
from local.athena.pruning import Predicate
from local.athena.sources import Source, Wanted
from local.athena.storage import Storage
from local.athena.time_travel import snapshot_at

log = logging.getLogger(__name__)

METADATA_TABLES = {"files", "snapshots", "history", "partitions", "manifests", "refs", "entries"}
# Athena's names of columns that pyiceberg calls otherwise; Athena's `data`, statistics by column, is left out.
# https://trino.io/docs/current/connector/iceberg.html#partitions-table
ENGINE_COLUMNS = {"partitions": "partition, record_count, file_count, total_data_file_size_in_bytes AS total_size"}
OF_A_SNAPSHOT = {"partitions", "entries", "manifests"}
COMPARISONS = {
    "=": EqualTo, "<": LessThan, "<=": LessThanOrEqual, ">": GreaterThan, ">=": GreaterThanOrEqual,
}  # fmt: skip


def is_iceberg(table: dict) -> bool:
    """Whether the catalog's entry is an Iceberg table."""
    return table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG"


def iceberg_source(table: dict, part: str, place: str, wanted: Wanted, storage: Storage) -> Source:
    """The rows of the table, at a place of its history, or of its metadata table `part` (`events$files`)."""
    location = table["Parameters"]["metadata_location"]
    iceberg = StaticTable.from_metadata(location, storage.iceberg_properties)
    if part:
        return _metadata_source(iceberg, part)
    snapshot = snapshot_at(iceberg, place)
    # A table of the past has the columns of its day.
    schema = iceberg.schemas()[snapshot.schema_id] if place and snapshot else iceberg.schema()
    scan = iceberg.scan(row_filter=row_filter(wanted, schema), snapshot_id=snapshot.snapshot_id if place else None)
    tasks = list(scan.plan_files())
    scanned = sum(task.file.file_size_in_bytes for task in tasks)
    if _needs_field_ids(iceberg, tasks):
        return Source(scan.to_arrow(), "SELECT * FROM {data}", scanned)
    return Source(_dataset(schema, tasks, storage), "SELECT * FROM {data}", scanned)


def _metadata_source(iceberg: StaticTable, part: str) -> Source:
    if part not in METADATA_TABLES:
        raise QueryError(f"TABLE_NOT_FOUND: line 1:1: Table '{part}' of an Iceberg table does not exist")
    columns = ENGINE_COLUMNS.get(part, "*")
    if part in OF_A_SNAPSHOT and iceberg.current_snapshot() is None:
        if part not in ENGINE_COLUMNS:
            raise QueryError(f"NOT_SUPPORTED: the local Athena shows no ${part} of a table without a snapshot")
        return Source(_no_partitions(iceberg), f"SELECT {columns} FROM {{data}}", 0)
    return Source(getattr(iceberg.inspect, part)(), f"SELECT {columns} FROM {{data}}", 0)


def _no_partitions(iceberg: StaticTable) -> pa.Table:
    """The library asks for a snapshot first; the types of a query without rows are right all the same."""
    partition = pa.struct(list(schema_to_pyarrow(Schema(*iceberg.metadata.specs_struct().fields))))
    counts = [("record_count", pa.int64()), ("file_count", pa.int32()), ("total_data_file_size_in_bytes", pa.int64())]
    return pa.schema([("partition", partition), *counts]).empty_table()


def _dataset(schema: Schema, tasks: list[FileScanTask], storage: Storage) -> ds.Dataset:
    """Columns and struct fields that older files lack read as NULL."""
    arrow = schema_to_pyarrow(schema, include_field_ids=False)
    paths = [task.file.file_path.removeprefix("s3://") for task in tasks]
    return ds.dataset(paths, schema=arrow, format="parquet", filesystem=storage.filesystem)


def _needs_field_ids(iceberg: StaticTable, tasks: list[FileScanTask]) -> bool:
    """Whether reading by name would be wrong: deleted rows, or a name that once was another's."""
    current = _names_by_id(iceberg.schema())
    by_name = {name: id for id, name in current.items()}
    for schema in iceberg.metadata.schemas:
        for id, name in _names_by_id(schema).items():
            if current.get(id, name) != name or by_name.get(name, id) != id:
                return True
    return any(task.delete_files for task in tasks)


def _names_by_id(schema: Schema) -> dict[int, str]:
    return {id: schema.find_column_name(id) or "" for id in schema.field_ids}


def row_filter(wanted: Wanted, schema: Schema) -> BooleanExpression:
    """The predicates as Iceberg's, for planning only: DuckDB filters the rows again. Pure."""
    uses = [
        reduce(And, [_predicate(p, values, schema) for p, values in zip(use, constants, strict=True)])
        for use, constants in wanted.with_constants()
        if use
    ]
    return reduce(Or, uses, AlwaysFalse()) if uses else AlwaysTrue()


def _predicate(predicate: Predicate, constants: tuple, schema: Schema) -> BooleanExpression:
    try:
        field = schema.find_field(predicate.column, case_sensitive=False)
    except ValueError:
        return AlwaysTrue()
    values = [_literal(constant, field.field_type) for constant in constants]
    if any(value is None for value in values):
        return AlwaysTrue()
    if predicate.operator == "in":
        return In(field.name, values)
    if predicate.operator == "between":
        return And(GreaterThanOrEqual(field.name, values[0]), LessThanOrEqual(field.name, values[1]))
    return COMPARISONS[predicate.operator](field.name, values[0])


def _literal(value: Any, type_: Any) -> Any:
    """The value as Iceberg writes it, or None where its type is not the column's."""
    if isinstance(type_, TimestampType | TimestamptzType):
        return _time(value, isinstance(type_, TimestamptzType))
    if isinstance(type_, DateType):
        return value.isoformat() if type(value) is date else None
    if isinstance(type_, IntegerType | LongType):
        return value if type(value) is int else None
    return value if isinstance(type_, StringType) and isinstance(value, str) else None


def _time(value: Any, has_zone: bool) -> str | None:
    if type(value) is date:
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        return None
    instant = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return instant.isoformat() if has_zone else instant.replace(tzinfo=None).isoformat()
