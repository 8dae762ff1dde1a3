"""The table's snapshots, told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from lake.catalog import BACKFILL_ID, BATCH_ID
from lake.compaction import MAINTENANCE_ID
from lake.positions import utc_text


def told(table: Table) -> list[dict[str, Any]]:
    """One entry per snapshot that the table keeps, oldest first."""
    kept = sorted(table.metadata.snapshots, key=lambda s: (s.timestamp_ms, s.sequence_number))
    return [_entry(snapshot, snapshot.snapshot_id == table.metadata.current_snapshot_id) for snapshot in kept]


def _entry(snapshot: Snapshot, is_current: bool) -> dict[str, Any]:
    summary = snapshot.summary.additional_properties if snapshot.summary else {}
    return {
        "committed_at": utc_text(datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)),
        "snapshot_id": str(snapshot.snapshot_id),
        "is_current": is_current,
        "operation": snapshot.summary.operation.value if snapshot.summary else None,
        "batch_id": summary.get(BATCH_ID),
        "backfill_id": summary.get(BACKFILL_ID),
        "maintenance_id": summary.get(MAINTENANCE_ID),
        "rows_added": int(summary.get("added-records", 0)),
        "rows_removed": int(summary.get("deleted-records", 0)),
        "files_added": int(summary.get("added-data-files", 0)),
        "files_removed": int(summary.get("deleted-data-files", 0)),
        "total_rows": int(summary.get("total-records", 0)),
        "total_files": int(summary.get("total-data-files", 0)),
    }
