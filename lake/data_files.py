"""Data files of the table, read by field id and written as the enrichment writes them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io import FileIO

from lake.fingerprint import field_id

ROWS_A_GROUP = 100_000


def read_file(io: FileIO, uri: str) -> pa.Table:
    """All rows of a file, as it holds them. pyiceberg's own reader makes a null list of structs an empty one."""
    with io.new_input(uri).open() as stream:
        return pq.ParquetFile(stream, pre_buffer=True).read()


def write_file(io: FileIO, uri: str, rows: pa.Table) -> None:
    """Write a file that Iceberg engines can take as it is."""
    with io.new_output(uri).create(overwrite=True) as stream:
        pq.write_table(rows, stream, compression="zstd", row_group_size=ROWS_A_GROUP, store_schema=False)


def with_schema(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows with the columns of the table's schema, found by field id; null where the file is older than a field."""
    found = {field_id(field): number for number, field in enumerate(rows.schema)}
    columns = []
    for field in schema:
        number = found.get(field_id(field))
        column = None if number is None else rows.column(number).combine_chunks()
        columns.append(_shaped(column, None if number is None else rows.schema.field(number), field, len(rows)))
    return pa.Table.from_arrays(columns, schema=schema)


def _shaped(values: pa.Array | None, own: pa.Field | None, wanted: pa.Field, length: int) -> pa.Array:
    if values is None or own is None:
        return pa.nulls(length, wanted.type)
    if pa.types.is_struct(wanted.type):
        members = {field_id(f): (f, m) for f, m in zip(own.type, values.flatten(), strict=True)}
        of_ids = (members.get(field_id(f), (None, None)) for f in wanted.type)
        shaped = [_shaped(m, own_f, f, len(values)) for (own_f, m), f in zip(of_ids, wanted.type, strict=True)]
        return pa.StructArray.from_arrays(shaped, fields=list(wanted.type), mask=pc.is_null(values))
    if pa.types.is_list(wanted.type) or pa.types.is_large_list(wanted.type):
        return _shaped_list(values, own, wanted)
    return values.cast(wanted.type)


def _shaped_list(values: pa.Array, own: pa.Field, wanted: pa.Field) -> pa.Array:
    is_small = pa.types.is_list(wanted.type)
    kind, width = (pa.ListArray, pa.int32()) if is_small else (pa.LargeListArray, pa.int64())
    lengths = pc.fill_null(pc.list_value_length(values), 0).cast(pa.int64())
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths)]).cast(width)
    flat = pc.list_flatten(values)
    elements = _shaped(flat, own.type.value_field, wanted.type.value_field, len(flat))
    return kind.from_arrays(offsets, elements, type=wanted.type, mask=pc.is_null(values))
