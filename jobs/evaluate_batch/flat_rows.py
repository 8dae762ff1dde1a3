"""The flat columns of a suite as a Spark frame: the same code over Arrow as in one process, partition by partition."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import chain

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
from pyspark.sql.types import ArrayType, DataType, StructField, StructType

from contracts.errors import ConfigurationError
from quality.evaluate import SPARK_SEPARATOR
from quality.flatten import ACROSS, columns_to_read, flatten, together, with_doubles
from quality.members import Contracts

# A partition is held as a whole where columns look at several rows: some 50 MB.
PARTITION_ROWS = 100_000
# Spreads rows that are looked at alone.
ROW_KEY = "event_id"

Batches = Iterator[pa.RecordBatch]


def flat_rows(spark: SparkSession, uris: list[str], rows: int, names: list[str], contracts: Contracts) -> DataFrame:
    """The flat columns `names` of all rows of these files, as Spark names them; `rows` is how many they have."""
    with_key = sorted({*names, ROW_KEY})
    read = read_columns(spark, uris, columns_to_read(with_key, contracts))
    by_row = _mapped(read, partial(_flatten, names=with_key, contracts=contracts))
    together_by = by_row.repartition(partition_count(rows), _key(names))
    return _mapped(together_by, partial(_whole, names=names))


def partition_count(rows: int) -> int:
    """Partitions for this many rows."""
    return max(1, math.ceil(rows / PARTITION_ROWS))


def read_columns(spark: SparkSession, uris: list[str], columns: list[str]) -> DataFrame:
    """These columns, by their path in Parquet, and of a struct only the members among them.

    The files of a batch are written by one version of the table, so that one file tells the types of all.
    """
    written = spark.read.parquet(uris[0]).schema
    # Spark does not prune the members of structs in lists by itself.
    return spark.read.schema(pruned(written, [tuple(column.split(".")) for column in columns])).parquet(*uris)


def pruned(schema: StructType, paths: list[tuple[str, ...]]) -> StructType:
    """The schema with these paths alone; those that it lacks are passed over."""
    kept = []
    for field in schema:
        below = [path[1:] for path in paths if path[0] == field.name]
        if below:
            kept.append(StructField(field.name, _pruned(field.dataType, below), field.nullable))
    return StructType(kept)


def _pruned(data_type: DataType, below: list[tuple[str, ...]]) -> DataType:
    if () in below:
        return data_type
    if isinstance(data_type, ArrayType):
        # Parquet's path to an entry: list, element.
        return ArrayType(_pruned(data_type.elementType, [path[2:] for path in below]), data_type.containsNull)
    return pruned(data_type, below)


def _key(names: list[str]) -> Column:
    """What rows that are looked at together have in common; any other row is looked at alone."""
    keys = {ACROSS[name].key for name in names if name in ACROSS}
    if len(keys) > 1:
        raise ConfigurationError(
            f"columns of the suite look at rows together by {sorted(keys)}; expected one key, since rows can lie in "
            "one order only. Give them the same key in quality/flatten.py."
        )
    return F.coalesce(*(F.col(spark_name(column)) for column in (*next(iter(keys), ()), ROW_KEY)))


def spark_name(name: str) -> str:
    """A flat column's name as the frame has it."""
    return name.replace(".", SPARK_SEPARATOR)


def _mapped(frame: DataFrame, function) -> DataFrame:
    """The frame through a function of Arrow batches; what it makes of no rows tells the types."""
    (made,) = function(iter([_no_rows(to_arrow_schema(frame.schema))]))
    return frame.mapInArrow(function, from_arrow_schema(made.schema))


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=schema)


def _flatten(batches: Batches, names: list[str], contracts: Contracts) -> Batches:
    """Batch by batch, the columns that are made row by row."""
    for batch in batches:
        flat = flatten(pa.Table.from_batches([batch]), names, contracts)
        yield _as_batch(flat.rename_columns([spark_name(name) for name in flat.column_names]))


def _whole(batches: Batches, names: list[str]) -> Batches:
    """All batches of a partition as one, with the columns that look at several rows, as they are validated."""
    first = next(batches, None)
    if first is not None:
        rows = pa.Table.from_batches(chain([first], batches))
        flat_names = [name.replace(SPARK_SEPARATOR, ".") for name in rows.column_names]
        found = together([rows.rename_columns(flat_names)], names)
        yield _as_batch(with_doubles(found).rename_columns([spark_name(name) for name in names]))


def _as_batch(table: pa.Table) -> pa.RecordBatch:
    """One batch; a column of nothing but unknown type is one of texts."""
    columns = [c.cast(pa.string()) if pa.types.is_null(c.type) else c for c in table.columns]
    whole = pa.table(columns, table.column_names).combine_chunks()
    return next(iter(whole.to_batches()), _no_rows(whole.schema))
