"""One Iceberg commit that takes data files out of the table and puts others in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Summary
from pyiceberg.table.update.snapshot import _OverwriteFiles
from pyiceberg.typedef import EMPTY_DICT

from contracts.errors import PipelineError

CONFLICTS_BORNE = 10
T = TypeVar("T")


class _Moved(_OverwriteFiles):
    """An overwrite that calls itself a replace: readers of changes need not look at it, since no row changed."""

    def _summary(self, snapshot_properties: Mapping[str, str] = EMPTY_DICT) -> Summary:
        # pyiceberg 0.12 sums up an overwrite and not a replace, though the numbers are the same.
        found = super()._summary(snapshot_properties)
        return Summary(operation=Operation.REPLACE, **found.additional_properties)


def replace_files(
    table: Table, removed: Iterable[DataFile], added: list[str], properties: Mapping[str, str], is_move: bool
) -> int:
    """The snapshot in which the added files are in the place of the removed ones; CommitFailedException if overtaken.

    `is_move` promises that the rows are the same. The commit succeeds only on the state of the table that was given.
    """
    with table.transaction() as transaction:
        update = (_Moved if is_move else _OverwriteFiles)(
            operation=Operation.OVERWRITE,
            transaction=transaction,
            io=table.io,
            snapshot_properties=dict(properties),
        )
        for file in removed:
            update.delete_data_file(file)
        for uri in added:
            update.append_data_file(parquet_file_to_data_file(table.io, table.metadata, uri))
        update.commit()
    return table.metadata.current_snapshot_id


def until_not_overtaken(attempt: Callable[[], T], pause: Callable[[int], None]) -> T:
    """What the attempt returns; while other commits come first it is tried again, and must look at the table anew."""
    for failures in range(1, CONFLICTS_BORNE + 1):
        try:
            return attempt()
        except CommitFailedException as error:
            last = error
            pause(failures)
    raise PipelineError(
        f"{CONFLICTS_BORNE} attempts to commit were overtaken by others, the last with: {last}. "
        "Nothing was changed; try again when fewer batches commit."
    ) from last
