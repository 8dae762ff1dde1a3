"""Arrow types as Athena names them: Hive's words in the Glue Catalog, Trino's in queries and views.

https://docs.aws.amazon.com/athena/latest/ug/data-types.html
"""

from __future__ import annotations

import pyarrow as pa

# Arrow -> (Hive, Trino). Iceberg keeps microseconds; Hive has no time zone, and these times are UTC.
SCALARS = {
    pa.string(): ("string", "varchar"),
    pa.int64(): ("bigint", "bigint"),
    pa.float64(): ("double", "double"),
    pa.bool_(): ("boolean", "boolean"),
    pa.date32(): ("date", "date"),
    pa.timestamp("us", tz="UTC"): ("timestamp", "timestamp(6) with time zone"),
}


def hive_type(data_type: pa.DataType) -> str:
    """The type of a column in the Glue Catalog."""
    if pa.types.is_decimal(data_type):
        return f"decimal({data_type.precision},{data_type.scale})"
    if pa.types.is_list(data_type):
        return f"array<{hive_type(data_type.value_type)}>"
    if pa.types.is_struct(data_type):
        return f"struct<{','.join(f'{field.name}:{hive_type(field.type)}' for field in data_type)}>"
    return SCALARS[data_type][0]


def trino_type(data_type: pa.DataType) -> str:
    """The type of a column in a view's own definition."""
    if pa.types.is_decimal(data_type):
        return f"decimal({data_type.precision},{data_type.scale})"
    if pa.types.is_list(data_type):
        return f"array({trino_type(data_type.value_type)})"
    if pa.types.is_struct(data_type):
        members = (f'"{field.name}" {trino_type(field.type)}' for field in data_type)
        return f"row({', '.join(members)})"
    return SCALARS[data_type][1]
