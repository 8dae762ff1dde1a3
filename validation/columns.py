"""Which columns of a suite are stored, and which of these are numbers."""

from __future__ import annotations

import awswrangler as wr
from pyiceberg.table import Table
from pyiceberg.types import DecimalType, DoubleType, FloatType, IntegerType, ListType, LongType, MapType, StructType

NUMBERS = (IntegerType, LongType, FloatType, DoubleType, DecimalType)
NESTED = (StructType, ListType, MapType)
NUMBERS_OF_ATHENA = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")


def of_iceberg(table: Table, names: list[str]) -> tuple[list[str], list[str]]:
    """(columns with values, those of them that are numbers) of the table, in the order of their names."""
    held = set(table.schema().column_names)
    types = {name: table.schema().find_type(name) for name in sorted(set(names) & held)}
    flat = [name for name, kind in types.items() if not isinstance(kind, NESTED)]
    return flat, [name for name in flat if isinstance(types[name], NUMBERS)]


def of_athena(database: str, table: str, names: list[str]) -> tuple[list[str], list[str]]:
    """The same of a table that Athena reads as JSON."""
    types = wr.catalog.get_table_types(database=database, table=table)
    flat = [name for name in sorted(set(names) & types.keys()) if "<" not in types[name]]
    return flat, [name for name in flat if types[name].startswith(NUMBERS_OF_ATHENA)]
