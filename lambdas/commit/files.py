"""Data files, read and written through the table's own file access."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io import FileIO

from lambdas.commit.batch import DataFile
from lambdas.commit.duplicates import COLUMNS, Comparison, compare

READERS = 8


@dataclass(frozen=True)
class Remainder:
    """What is left of a batch's files once the rows of other batches are out."""

    files: list[DataFile]
    redelivered: int
    repeated: int


def without_duplicates(io: FileIO, files: list[DataFile], newer: list[str], state: int) -> Remainder:
    """The files without rows that the newer files hold; `state` is the snapshot that was looked at.

    A file that loses rows is written again, under a name that tells the state: two runs of the same batch
    that meet different states never write over what the other one may have made visible.
    """
    if not newer:
        return Remainder(files, 0, 0)
    stored = pa.concat_tables(read_columns(io, newer))
    compared = [compare(rows, stored) for rows in read_columns(io, [file.uri for file in files])]
    kept = [_rewritten(io, file, found, state) for file, found in zip(files, compared, strict=True)]
    return Remainder(
        [file for file in kept if file.rows],
        sum(found.redelivered for found in compared),
        sum(found.repeated for found in compared),
    )


def read_columns(io: FileIO, uris: Iterable[str]) -> list[pa.Table]:
    """Identity and position of each file's rows, file by file."""
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(lambda uri: _read_file(io, uri), uris))


def _read_file(io: FileIO, uri: str) -> pa.Table:
    with io.new_input(uri).open() as stream:
        # Other writers store other flavours of text and nullability.
        return pq.read_table(stream, columns=COLUMNS).cast(pa.schema([(name, pa.string()) for name in COLUMNS]))


def _rewritten(io: FileIO, file: DataFile, found: Comparison, state: int) -> DataFile:
    left = replace(file, rows=file.rows - found.dropped)
    if not found.dropped or not left.rows:
        return left
    left = replace(left, uri=f"{file.uri.removesuffix('.parquet')}-r{state}.parquet")
    with io.new_input(file.uri).open() as stream:
        rows = pq.read_table(stream).filter(found.keep)
    with io.new_output(left.uri).create(overwrite=True) as stream:
        pq.write_table(rows, stream, compression="zstd")
    return left
