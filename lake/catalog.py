"""The table `events` in the Glue catalog, by pyiceberg."""

from __future__ import annotations

import os
from functools import cache, reduce

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    LessThanOrEqual,
    Or,
)
from pyiceberg.io import FileIO, load_file_io
from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Snapshot

from contracts.contract import Contract
from lake.columns import table_schema

BATCH_ID = "tributary.batch-id"
BACKFILL_ID = "tributary.backfill-id"
COUNTS = "tributary.counts"
# boto3 may repeat an UpdateTable whose answer was lost. Glue refuses the repetition as a conflict, and pyiceberg
# then deletes the manifests of a commit that took place. So whoever commits asks once, and looks what became of it.
ASK_ONCE = {"glue.max-retries": 0}


def open_table(database: str, table: str = "events", **properties: str | int) -> Table:
    """The table as it is now; region, credentials and endpoint are the environment's."""
    catalog = _catalog(tuple((_storage_properties() | properties).items()))
    return catalog.load_table(f"{database}.{table}")


@cache
def _catalog(properties: tuple[tuple[str, str | int], ...]) -> Catalog:
    return load_catalog("glue", type="glue", **dict(properties))


def file_access() -> FileIO:
    """Reading and writing of s3:// files, as the table does it, without the catalog."""
    return _file_access(tuple(_storage_properties().items()))


@cache
def _file_access(properties: tuple[tuple[str, str], ...]) -> FileIO:
    return load_file_io(dict(properties), "s3://")


def _storage_properties() -> dict[str, str]:
    """What boto3 reads from the environment and Arrow's S3 client does not."""
    found = {
        "s3.region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        "s3.endpoint": os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
    }
    return {name: value for name, value in found.items() if value}


def overlap(spans: dict[str, tuple[str, str]] | None) -> BooleanExpression:
    """Rows that may be the same events as a batch's: same type, event time within the batch's span (RFC 3339 UTC)."""
    if spans is None:
        return AlwaysTrue()
    return reduce(Or, (_within(t, low, high) for t, (low, high) in spans.items()), AlwaysFalse())


def _within(event_type: str, low: str, high: str) -> BooleanExpression:
    # The date is the time's, but only with it Iceberg can leave whole manifests unread.
    return And(
        EqualTo("event_type", event_type),
        GreaterThanOrEqual("event_date", low[:10]),
        LessThanOrEqual("event_date", high[:10]),
        GreaterThanOrEqual("event_time", _offset_for_z(low)),
        LessThanOrEqual("event_time", _offset_for_z(high)),
    )


def _offset_for_z(time: str) -> str:
    """pyiceberg 0.12 reads `+00:00` and refuses `Z`."""
    return f"{time[:-1]}+00:00" if time.endswith("Z") else time


def stored_files(table: Table, spans: dict[str, tuple[str, str]] | None) -> list[str]:
    """URIs of the current data files that may hold events of these types and times."""
    return sorted(task.file.file_path for task in plan_files(table, spans))


def plan_files(table: Table, spans: dict[str, tuple[str, str]] | None) -> list[FileScanTask]:
    """The current data files that may hold events of these types and times, with what is deleted of them."""
    return list(table.scan(row_filter=overlap(spans)).plan_files()) if table.current_snapshot() else []


def committed_snapshot(table: Table, batch_id: str) -> int | None:
    """The snapshot that made the batch, or the backfill, visible, while the table still keeps it."""
    names = (BATCH_ID, BACKFILL_ID)
    return next(
        (
            s.snapshot_id
            for s in table.metadata.snapshots
            if s.summary and batch_id in map(s.summary.additional_properties.get, names)
        ),
        None,
    )


def snapshot_files(table: Table, snapshot_id: int) -> list[str]:
    """URIs of the data files that a snapshot added."""
    return sorted(snapshot_rows(table, snapshot_id))


def snapshot_rows(table: Table, snapshot_id: int) -> dict[str, int]:
    """Rows of each data file that a snapshot added, by URI."""
    snapshot = table.snapshot_by_id(snapshot_id)
    return {file.file_path: file.record_count for file in files_added_by(table, snapshot, {snapshot_id})}


def files_added_by(table: Table, seen_from: Snapshot, snapshot_ids: set[int]) -> list[DataFile]:
    """Data files that these snapshots added and a later one still holds."""
    manifests = [
        m
        for m in seen_from.manifests(table.io)
        if m.content == ManifestContent.DATA and m.added_snapshot_id in snapshot_ids
    ]
    entries = [entry for m in manifests for entry in m.fetch_manifest_entry(table.io)]
    return [entry.data_file for entry in entries if entry.snapshot_id in snapshot_ids]


def sync_columns(database: str, contracts: dict[str, Contract], table: str = "events") -> list[str]:
    """Add the columns and fields that the contracts have and the table lacks; the names of those added."""
    iceberg = open_table(database, table)
    before = set(iceberg.schema().column_names)
    with iceberg.update_schema() as update:
        update.union_by_name(table_schema(contracts))
    return [name for name in iceberg.schema().column_names if name not in before]
