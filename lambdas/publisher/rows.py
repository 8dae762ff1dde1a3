"""Rows of one part of a batch, some at a time and always in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.expressions import And, EqualTo
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import Table

from lake.columns import ENRICHMENT
from lambdas.publisher.encode import ATTRIBUTES

ROWS_AT_ONCE = 2000
BYTES_AT_ONCE = 32_000_000


def columns(names: list[str], event_type: str) -> list[str]:
    """The columns that an event is made of: attributes, enrichment and the struct of its type."""
    return [name for name in names if name in {*ATTRIBUTES, *ENRICHMENT.names, event_type}]


def read_file(file: BinaryIO, event_type: str, first: int) -> Iterator[pa.RecordBatch]:
    """Rows of a data file from row `first` on; row groups before it are not read."""
    parquet = pq.ParquetFile(file, pre_buffer=True)
    wanted = columns(parquet.schema_arrow.names, event_type)
    for number in range(parquet.num_row_groups):
        group = parquet.metadata.row_group(number)
        if first >= group.num_rows:
            first -= group.num_rows
            continue
        size = rows_at_once(group.num_rows, group.total_byte_size)
        for batch in parquet.iter_batches(batch_size=size, row_groups=[number], columns=wanted):
            if first < batch.num_rows:
                yield batch.slice(first)
            first = max(0, first - batch.num_rows)


def rows_at_once(rows: int, size_bytes: int) -> int:
    """As many rows as are encoded well together, fewer where they are large."""
    return max(1, min(ROWS_AT_ONCE, BYTES_AT_ONCE * rows // max(1, size_bytes)))


def read_table(table: Table, snapshot_id: int, batch_id: str, event_type: str, first: int) -> Iterator[pa.RecordBatch]:
    """The batch's rows of a type in a snapshot, whatever files they were moved to, from row `first` on."""
    is_wanted = And(EqualTo("event_type", event_type), EqualTo("batch_id", batch_id))
    names = tuple(columns([field.name for field in table.schema().fields], event_type))
    scan = table.scan(row_filter=is_wanted, selected_fields=names, snapshot_id=snapshot_id)
    reader = ArrowScan(table.metadata, table.io, scan.projection(), is_wanted)
    # A file at a time: the scan as a whole would read many at once, and keep all their rows.
    for task in sorted(scan.plan_files(), key=lambda task: task.file.file_path):
        for batch in reader.to_record_batches([task]):
            for start in range(first, batch.num_rows, ROWS_AT_ONCE):
                yield batch.slice(start, ROWS_AT_ONCE)
            first = max(0, first - batch.num_rows)


def only(batches: Iterator[pa.RecordBatch], wanted: set[int]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Each wanted row by its number, a batch of one."""
    start = 0
    for batch in batches:
        for row in sorted(wanted & set(range(start, start + batch.num_rows))):
            yield row, batch.slice(row - start, 1)
        start += batch.num_rows
