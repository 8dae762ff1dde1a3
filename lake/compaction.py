"""Small data files of a partition made into few, with the proof that no row changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from contracts.errors import PipelineError
from lake.data_files import read_file, with_schema, write_file
from lake.fingerprint import Fingerprint, fingerprint
from lake.layout import data_file_key, split_uri
from lake.replacement import replace_files, until_not_overtaken

MAINTENANCE_ID = "tributary.maintenance-id"
# A file that is this full is not worth reading again.
FULL_ENOUGH = 0.75
# What a group has in memory follows its rows, however well they are compressed: about 1 GB.
MOST_ROWS = 500_000
ORDER = [("event_time", "ascending"), ("ingest_position", "ascending")]


class RowsChanged(PipelineError):
    """A compacted file does not hold the rows of the files it was made from; nothing was committed."""


@dataclass(frozen=True)
class Group:
    """Files of one partition that become one file."""

    event_type: str
    event_date: str
    files: tuple[DataFile, ...]

    @property
    def bytes(self) -> int:
        return sum(file.file_size_in_bytes for file in self.files)

    @property
    def rows(self) -> int:
        return sum(file.record_count for file in self.files)


@dataclass(frozen=True)
class Plan:
    """What is to be compacted; `with_deletes` counts files left to Glue, which knows how to apply row-level deletes."""

    groups: tuple[Group, ...]
    with_deletes: int


@dataclass(frozen=True)
class Compacted:
    """A group, and the file that holds its rows."""

    group: Group
    uri: str
    fingerprint: Fingerprint


def plan_compaction(table: Table, target_bytes: int) -> Plan:
    """Groups of files below the target, neighbours in time together, so that statistics go on telling times apart."""
    tasks = list(table.scan().plan_files())
    plain = [task.file for task in tasks if not task.delete_files]
    by_partition = sorted(plain, key=_partition)
    groups = [
        Group(event_type, event_date, files)
        for (event_type, event_date), members in groupby(by_partition, key=_partition)
        for files in _bins(_in_time(table, members), target_bytes)
    ]
    return Plan(tuple(groups), len(tasks) - len(plain))


def _partition(file: DataFile) -> tuple[str, str]:
    event_type, days = file.partition[0], file.partition[1]
    return event_type, _date(days)


def _date(days: int) -> str:
    return pa.scalar(days, pa.int32()).cast(pa.date32()).as_py().isoformat()


def _in_time(table: Table, files: Iterable[DataFile]) -> list[DataFile]:
    time_id = table.schema().find_field("event_time").field_id

    def start(file: DataFile) -> int:
        # The bound of a time is its microseconds since 1970 in eight bytes, little-endian.
        return int.from_bytes(file.lower_bounds.get(time_id, b""), "little", signed=True)

    return sorted(files, key=lambda file: (start(file), file.file_path))


def _bins(files: list[DataFile], target_bytes: int) -> Iterator[tuple[DataFile, ...]]:
    """Runs of small files that fill a file each; a run of one is left as it is."""
    run: list[DataFile] = []
    for file in files:
        if _fullness([file], target_bytes) >= FULL_ENOUGH:
            continue
        if _fullness([*run, file], target_bytes) > 1:
            yield from _worth_it(run)
            run = []
        run.append(file)
    yield from _worth_it(run)


def _fullness(files: list[DataFile], target_bytes: int) -> float:
    """How far the files fill one, by bytes or by rows; 1 is full."""
    size, rows = sum(f.file_size_in_bytes for f in files), sum(f.record_count for f in files)
    return max(size / target_bytes, rows / MOST_ROWS)


def _worth_it(run: list[DataFile]) -> Iterator[tuple[DataFile, ...]]:
    if len(run) > 1:
        yield tuple(run)


def rewrite(table: Table, group: Group, run_id: str, number: int) -> Compacted:
    """Write the rows of a group in the order of time; RowsChanged where the file read back holds other rows."""
    schema, known = schema_to_pyarrow(table.schema()), table.schema().field_ids
    parts, before = [], Fingerprint()
    for file in group.files:
        rows = read_file(table.io, file.file_path)
        before += fingerprint(rows, known)
        parts.append(with_schema(rows, schema))
    key = data_file_key(group.event_type, group.event_date, run_id, number)
    uri = f"s3://{split_uri(table.location())[0]}/{key}"
    write_file(table.io, uri, pa.concat_tables(parts).sort_by(ORDER))
    after = fingerprint(read_file(table.io, uri), known)
    _require_same(group, before, after)
    return Compacted(group, uri, after)


def _require_same(group: Group, before: Fingerprint, after: Fingerprint) -> None:
    if before != after or before.rows != group.rows:
        raise RowsChanged(
            f"Compaction of {len(group.files)} files of {group.event_type} on {group.event_date}: the table counts "
            f"{group.rows} rows, the files hold {before.rows} (fingerprint {before.digest:016x}), the new file "
            f"{after.rows} ({after.digest:016x}); expected the same. Nothing was committed. "
            f"Look at {group.files[0].file_path} and its neighbours."
        )


def commit_compaction(
    made: list[Compacted], run_id: str, open_table: Callable[[], Table], pause: Callable[[int], None]
) -> tuple[list[Compacted], list[Compacted]]:
    """Put the new files in the place of the old, in one commit; those that were, and those that others got ahead of.

    A group gives way where one of its files has left the table or got row-level deletes meanwhile.
    """

    def attempt() -> tuple[list[Compacted], list[Compacted]]:
        table = open_table()
        live = {task.file.file_path: task for task in table.scan().plan_files()}
        if _is_committed(table, run_id):
            return made, []
        kept = [one for one in made if _is_untouched(one.group, live)]
        if kept:
            removed = [file for one in kept for file in one.group.files]
            replace_files(table, removed, [one.uri for one in kept], {MAINTENANCE_ID: run_id}, is_move=True)
        return kept, [one for one in made if one not in kept]

    return until_not_overtaken(attempt, pause)


def _is_untouched(group: Group, live: dict[str, FileScanTask]) -> bool:
    tasks = [live.get(file.file_path) for file in group.files]
    return all(task is not None and not task.delete_files for task in tasks)


def _is_committed(table: Table, run_id: str) -> bool:
    return any(
        s.summary and s.summary.additional_properties.get(MAINTENANCE_ID) == run_id for s in table.metadata.snapshots
    )
