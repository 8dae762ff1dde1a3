"""One staged file -> one data file, a piece at a time, so that memory does not depend on the file's size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io import FileIO

from contracts.contract import Contract
from enrichment.enrich import Misses, Sources, enriched, total
from enrichment.progress import Checkpoint, StagedFile
from enrichment.stored import as_stored
from lake.columns import COMMON

ROWS_AT_A_TIME = 100_000


class Interrupted(Exception):
    """The task was told to stop; the file in hand is dropped, and written anew by the next task."""


@dataclass(frozen=True)
class Target:
    """The table as files see it: access to them, its schema with field ids, and what the rows are enriched by."""

    io: FileIO
    schema: pa.Schema
    contracts: dict[str, Contract]
    sources: Sources
    enrichments: Sequence[str]


def enrich_file(target: Target, staged_uri: str, file: StagedFile, uri: str, is_told: Callable[[], bool]) -> Checkpoint:
    """Write the data file; Interrupted where `is_told` to stop before its end."""
    misses: list[Misses] = []
    rows = 0
    with (
        target.io.new_input(staged_uri).open() as staged,
        target.io.new_output(uri).create(overwrite=True) as stream,
        pq.ParquetWriter(stream, target.schema, compression="zstd", store_schema=False) as writer,
    ):
        # Without a buffer each column of each row group would be a request of its own to S3.
        source = pq.ParquetFile(staged, pre_buffer=True)
        for batch in source.iter_batches(ROWS_AT_A_TIME, columns=_columns(source, file.event_type)):
            if is_told():
                raise Interrupted(f"{rows} rows of {uri} written")
            events = with_partition(pa.Table.from_batches([batch]), file.event_type, file.event_date)
            table, missing = enriched(events, target.contracts, target.sources, target.enrichments)
            writer.write_table(as_stored(table, target.schema), row_group_size=ROWS_AT_A_TIME)
            rows, misses = rows + len(events), [*misses, missing]
    return Checkpoint(file.number, uri, file.event_type, file.event_date, rows, total(misses))


def _columns(source: pq.ParquetFile, event_type: str) -> list[str]:
    """The common columns and the one of the type: the others of a staged file are null in every row."""
    return [name for name in source.schema_arrow.names if name in (*COMMON.names, event_type)]


def with_partition(rows: pa.Table, event_type: str, event_date: str) -> pa.Table:
    """Adds the columns that a staged file leaves to its folders; a data file must hold them itself."""
    day = pa.scalar(date.fromisoformat(event_date), pa.date32())
    with_type = rows.append_column("event_type", pa.repeat(event_type, len(rows)))
    return with_type.append_column("event_date", pa.repeat(day, len(rows)))
