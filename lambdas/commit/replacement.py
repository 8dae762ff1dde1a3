"""Partitions that a backfill computed again, put in the place of those that are stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import groupby

import pyarrow as pa
from pyiceberg.manifest import DataFile as StoredFile
from pyiceberg.table import FileScanTask, Table

from contracts.errors import PipelineError
from lake.added_files import files_added_since
from lake.backfills import Scope
from lake.catalog import BACKFILL_ID, plan_files
from lake.columns import IDENTITY
from lake.layout import partition_values
from lake.manifest import Manifest
from lake.replacement import replace_files
from lambdas.commit.batch import Batch, CommittedBatch, counted, snapshot_properties
from lambdas.commit.files import read_columns


class ReplacementRefused(PipelineError):
    """The partitions may not be replaced by these files; they are as they were."""


@dataclass(frozen=True)
class Replaced:
    """What was planned to be replaced: `rows` of the scope, as the table was at `planned_on`.

    `vanishing` are positions of rows that are rejects now, as the backfill was allowed to make them.
    """

    scope: Scope
    planned_on: int | None
    rows: int
    vanishing: frozenset[str]

    @classmethod
    def planned(cls, manifest: Manifest, vanishing: Iterable[str]) -> Replaced:
        """As the manifest says."""
        wanted = manifest.replaces
        scope = Scope(wanted.from_date, wanted.to_date, wanted.event_types)
        planned_on = None if manifest.snapshot_id is None else int(manifest.snapshot_id)
        return cls(scope, planned_on, wanted.rows, frozenset(vanishing))

    def within(self, batch: Batch) -> Batch:
        """The batch, compared with what came into the whole scope, whichever rows it has itself."""
        return replace(batch, spans=self.scope.spans)


def replace_partitions(batch: Batch, table: Table, replaced: Replaced) -> CommittedBatch:
    """Replace in one commit; files that batches have added since stay, and the batch is free of their events."""
    newer = set(files_added_since(table, replaced.planned_on, replaced.scope.spans))
    tasks = plan_files(table, replaced.scope.spans)
    removed = [task.file for task in tasks if task.file.file_path not in newer]
    _require_as_planned(batch, tasks, removed, replaced)
    made = counted(batch)
    _require_complete(table, batch, removed, newer, replaced)
    if not removed and not batch.files:
        return made
    properties = snapshot_properties(made, named=BACKFILL_ID)
    return replace(made, snapshot_id=str(replace_files(table, removed, made.files, properties, is_move=False)))


def _require_as_planned(batch: Batch, tasks: list[FileScanTask], removed: list[StoredFile], replaced: Replaced) -> None:
    """Rows may have moved to other files since, but not together with rows that came since."""
    rows = sum(file.record_count for file in removed)
    if rows == replaced.rows and not any(task.delete_files for task in tasks):
        return
    raise ReplacementRefused(
        f"Backfill {batch.batch_id}: of the {replaced.rows} rows that were to be replaced, {rows} are in files of "
        "their own, without row-level deletes; expected all. Rows were deleted, or compacted together with newer "
        "ones, while the backfill ran. Nothing was changed; run it again."
    )


def _require_complete(
    table: Table, batch: Batch, removed: list[StoredFile], newer: Collection[str], replaced: Replaced
) -> None:
    """No event may vanish but those that are rejects now; looked at partition by partition, to bound the memory."""
    uris = [*(file.uri for file in batch.files), *newer]
    kept = {place: list(members) for place, members in groupby(sorted(uris, key=_partition), key=_partition)}
    stored = sorted((file.file_path for file in removed), key=_partition)
    lost = [
        position
        for place, members in groupby(stored, key=_partition)
        for position in _lost(table, list(members), kept.get(place, []))
        if position not in replaced.vanishing
    ]
    if lost:
        raise ReplacementRefused(
            f"Backfill {batch.batch_id}: {len(lost)} stored events are neither rows nor rejects of it, the first of "
            f"position {lost[0]}; expected every stored event to be one. Their raw objects may have expired, or a rule "
            "gave them another date. Nothing was changed; choose dates that the raw zone still holds in full."
        )


def _partition(uri: str) -> tuple[str, str]:
    values = partition_values(uri)
    return values["event_type"], values["event_date"]


def _lost(table: Table, stored: list[str], kept: list[str]) -> list[str]:
    """Positions of the stored rows whose event none of the kept files has."""
    rows = pa.concat_tables(read_columns(table.io, stored))
    if not kept:
        return rows["ingest_position"].to_pylist()
    known = pa.concat_tables(read_columns(table.io, kept)).select(IDENTITY)
    return rows.join(known, keys=IDENTITY, join_type="left anti")["ingest_position"].to_pylist()
