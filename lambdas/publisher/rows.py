"""Rows of one data file, a few thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow.parquet as pq

from lake.columns import COMMON, ENRICHMENT
from lake.layout import partition_values

ROWS_AT_ONCE = 2000


def read_rows(file: BinaryIO, uri: str) -> Iterator[dict]:
    """Rows with the common columns, enrichment and the struct of the file's event type."""
    parquet = pq.ParquetFile(file)
    wanted = {*COMMON.names, *ENRICHMENT.names, partition_values(uri)["event_type"]}
    columns = [name for name in parquet.schema_arrow.names if name in wanted]
    for batch in parquet.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns):
        yield from batch.to_pylist()
