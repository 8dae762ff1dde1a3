"""Which data files of the table `events` hold rows that came after a snapshot."""

from __future__ import annotations

from collections.abc import Iterator

# pyiceberg has no public way to ask whether one file's statistics allow a filter to match.
from pyiceberg.expressions.visitors import _InclusiveMetricsEvaluator
from pyiceberg.manifest import DataFile, ManifestContent, ManifestEntry, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot, ancestors_of

from lake.catalog import files_added_by, overlap, stored_files


def files_added_since(table: Table, snapshot_id: int | None, spans: dict[str, tuple[str, str]] | None) -> list[str]:
    """URIs of current data files with rows younger than a snapshot that may be events of these types and times.

    Reads only manifests written since; where the snapshot is none or no longer known, every file may be younger.
    """
    current = table.current_snapshot()
    if current is None or current.snapshot_id == snapshot_id:
        return []
    line = snapshots_since(table, snapshot_id)
    if line is None:
        return stored_files(table, spans)
    may_match = _InclusiveMetricsEvaluator(table.schema(), overlap(spans)).eval
    return sorted(file.file_path for file in _added(table, line) if may_match(file))


def snapshots_since(table: Table, snapshot_id: int | None) -> list[Snapshot] | None:
    """The snapshots that led from this one to the current one, oldest first; None where one of them has expired."""
    line: list[Snapshot] = []
    for snapshot in ancestors_of(table.current_snapshot(), table.metadata):
        if snapshot.snapshot_id == snapshot_id:
            return line[::-1]
        line.append(snapshot)
    # An expired snapshot ends the line early: what it added would be missed.
    return None


def _added(table: Table, line: list[Snapshot]) -> list[DataFile]:
    if any(_only_moves_rows(snapshot) for snapshot in line):
        return list(_followed(table, line).values())
    return files_added_by(table, line[-1], {snapshot.snapshot_id for snapshot in line})


def _followed(table: Table, line: list[Snapshot]) -> dict[str, DataFile]:
    """Files with new rows by URI, through compactions: a compacted file counts where it took up new rows."""
    new: dict[str, DataFile] = {}
    for snapshot in line:
        added, removed = _changes(table, snapshot)
        if _only_moves_rows(snapshot):
            taken_up = {file.partition for file in removed if file.file_path in new}
            added = [file for file in added if file.partition in taken_up]
        for file in removed:
            new.pop(file.file_path, None)
        new.update({file.file_path: file for file in added})
    return new


def _only_moves_rows(snapshot: Snapshot) -> bool:
    return snapshot.summary is not None and snapshot.summary.operation == Operation.REPLACE


def _changes(table: Table, snapshot: Snapshot) -> tuple[list[DataFile], list[DataFile]]:
    """Data files that the snapshot added, and those that it removed."""
    entries = list(_own_entries(table, snapshot))
    added = [entry.data_file for entry in entries if entry.status == ManifestEntryStatus.ADDED]
    return added, [entry.data_file for entry in entries if entry.status == ManifestEntryStatus.DELETED]


def _own_entries(table: Table, snapshot: Snapshot) -> Iterator[ManifestEntry]:
    for manifest in snapshot.manifests(table.io):
        if manifest.content == ManifestContent.DATA and manifest.added_snapshot_id == snapshot.snapshot_id:
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=False)
            yield from (entry for entry in entries if entry.snapshot_id == snapshot.snapshot_id)
