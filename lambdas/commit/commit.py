"""One Iceberg commit makes the batch visible, or nothing does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from contracts.errors import ConfigurationError, PipelineError
from lake.added_files import files_added_since
from lake.catalog import committed_snapshot, snapshot_files
from lambdas.commit.batch import Batch, CommittedBatch, counted, snapshot_properties, told_by_snapshot
from lambdas.commit.files import without_duplicates
from lambdas.commit.replacement import Replaced, ReplacementRefused, replace_partitions

CONFLICTS_BORNE = 10
OTHER_FAILURES_BORNE = 3
RETRIES = "commit.retry.num-retries"


class CommitRefused(PipelineError):
    """The batch could not be made visible; nothing of it is."""


def commit_batch(
    batch: Batch,
    open_table: Callable[[], Table],
    pause: Callable[[int], None],
    replaced: Replaced | None = None,
) -> CommittedBatch:
    """Make the batch visible, or find that it is; a backfill is put in the place of what it replaces.

    `pause` waits before the next attempt, given how many failed.
    """
    if not batch.files and not replaced:
        return counted(batch)
    failures: list[Exception] = []
    while _is_bearable(failures):
        try:
            table = open_table()
            if made := committed_batch(table, batch.batch_id):
                return made
            # A later attempt goes on from here: it compares with what is younger still, and with nothing twice.
            batch = _without_duplicates(batch, table)
            _require_no_retries(table)
            return replace_partitions(batch, table, replaced) if replaced else _append(batch, table)
        except (ConfigurationError, ReplacementRefused):
            raise
        except Exception as error:
            # Whatever happened, only the table knows whether the commit took place.
            failures.append(error)
            pause(len(failures))
    return committed_batch(open_table(), batch.batch_id) or _refuse(batch, failures)


def committed_batch(table: Table, batch_id: str) -> CommittedBatch | None:
    """What the table says of the batch, None where it has no snapshot of it."""
    snapshot_id = committed_snapshot(table, batch_id)
    if snapshot_id is None:
        return None
    properties = table.snapshot_by_id(snapshot_id).summary.additional_properties
    return told_by_snapshot(batch_id, snapshot_id, properties, snapshot_files(table, snapshot_id))


def _without_duplicates(batch: Batch, table: Table) -> Batch:
    """The batch without rows that the table, as it is now, holds already."""
    state = table.metadata.current_snapshot_id
    newer = files_added_since(table, batch.planned_on, batch.spans)
    left = without_duplicates(table.io, batch.files, newer, state or 0)
    redelivered, repeated = batch.redelivered + left.redelivered, batch.repeated + left.repeated
    return replace(batch, planned_on=state, files=left.files, redelivered=redelivered, repeated=repeated)


def _append(batch: Batch, table: Table) -> CommittedBatch:
    made = counted(batch)
    if not batch.files:
        return made
    # The commit succeeds only on the state just looked at, which has no snapshot of this batch:
    # its files cannot be in the table, and to search the table for them would cost its size.
    table.add_files(made.files, snapshot_properties(made), check_duplicate_files=False)
    return replace(made, snapshot_id=str(table.metadata.current_snapshot_id))


def _require_no_retries(table: Table) -> None:
    found = table.properties.get(RETRIES)
    if found != "0":
        raise ConfigurationError(
            f"Table {'.'.join(table.name())}: property {RETRIES} is {found!r}; expected '0', or pyiceberg repeats a "
            "conflicting commit without looking for duplicates again. Set it, as the catalog template does."
        )


def _is_bearable(failures: list[Exception]) -> bool:
    others = [error for error in failures if not isinstance(error, CommitFailedException)]
    return len(failures) < CONFLICTS_BORNE and len(others) < OTHER_FAILURES_BORNE


def _refuse(batch: Batch, failures: list[Exception]) -> CommittedBatch:
    last = failures[-1]
    raise CommitRefused(
        f"Batch {batch.batch_id}: {len(failures)} attempts to commit failed, the last with "
        f"{type(last).__name__}: {last}. Nothing of the batch is visible; reconciliation runs its raw objects again."
    ) from last
