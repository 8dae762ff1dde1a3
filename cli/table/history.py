"""`etl history`: how the table came to be what it is."""

from __future__ import annotations

from typing import Any

from cli.connection import Stage
from lake.catalog import open_table
from lake.history import told

COLUMNS = {
    "committed_at": "committed at (UTC)",
    "operation": "operation",
    "made_by": "by",
    "rows_added": "rows +",
    "rows_removed": "rows -",
    "files_added": "files +",
    "files_removed": "files -",
    "total_rows": "rows",
    "total_files": "files",
}


def read_history(stage: Stage, batches_only: bool) -> list[dict[str, Any]]:
    """The snapshots of a stage's table, oldest first."""
    found = told(open_table(stage.handed_over("database-name")))
    return [entry for entry in found if entry["batch_id"]] if batches_only else found


def print_history(found: list[dict[str, Any]]) -> None:
    """The snapshots as a table, and how to read one."""
    from cli.display import console, table

    out = console()
    if not found:
        out.print("The table has no snapshot: nothing was committed yet.")
        return
    rows = [[made_by(entry) if name == "made_by" else entry[name] for name in COLUMNS] for entry in found]
    out.print(table("Snapshots, newest last", tuple(COLUMNS.values()), rows))
    out.print(f'Read the table as of a time: etl query "{as_of(found[-1]["committed_at"])}"', style="dim", markup=False)


def made_by(entry: dict[str, Any]) -> str:
    """Whose commit it was."""
    return entry["batch_id"] or entry["backfill_id"] or entry["maintenance_id"] or ""


def as_of(committed_at: str) -> str:
    """A query on the table as it was at a time."""
    time = committed_at.rstrip("Z").replace("T", " ")[:23]
    return f"SELECT count(*) FROM events FOR TIMESTAMP AS OF TIMESTAMP '{time} UTC'"
