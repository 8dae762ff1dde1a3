"""Columns of datasets: Trino's types, the Glue Catalog's and QuickSight's."""

from __future__ import annotations

import re
from dataclasses import dataclass

HIVE = {"varchar": "string"}
QUICKSIGHT = {
    "varchar": {"Type": "STRING"},
    "bigint": {"Type": "INTEGER"},
    "boolean": {"Type": "BOOLEAN"},
    "date": {"Type": "DATETIME"},
    "double": {"Type": "DECIMAL", "SubType": "FLOAT"},
}
DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
# What SPICE holds exactly; anything longer is a floating number there.
FIXED_DIGITS, FIXED_SCALE = 18, 4


@dataclass(frozen=True)
class Column:
    """A column of a view; `type` is Trino's, the description says the unit."""

    name: str
    type: str
    description: str


def hive_type(trino: str) -> str:
    """The type in the Glue Catalog."""
    return HIVE.get(trino, trino)


def is_supported(trino: str) -> bool:
    """Whether a column of this type can be in a dataset: lists and rows cannot, times with a zone were not tried."""
    return trino in QUICKSIGHT or DECIMAL.fullmatch(trino) is not None


def input_column(column: Column) -> dict:
    """The column as a physical table of QuickSight declares it."""
    found = DECIMAL.fullmatch(column.type)
    if not found:
        return {"Name": column.name, **QUICKSIGHT[column.type]}
    is_fixed = int(found[1]) <= FIXED_DIGITS and int(found[2]) <= FIXED_SCALE
    return {"Name": column.name, "Type": "DECIMAL", "SubType": "FIXED" if is_fixed else "FLOAT"}
