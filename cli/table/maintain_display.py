"""What maintenance did, for people."""

from __future__ import annotations

from typing import Any


def print_report(report: dict[str, Any]) -> None:
    """Before and after, and what was done in between."""
    from cli.display import console, table

    out = console()
    before, after = report["before"], report["after"]
    out.print(table(None, ("table", "before", "after"), [(name, before[name], after[name]) for name in before]))
    for line in in_words(report):
        out.print(line, markup=False, soft_wrap=True)


def in_words(report: dict[str, Any]) -> list[str]:
    """A line per step; a dry run says what would be done."""
    compaction, snapshots, orphans = report["compaction"], report["snapshots"], report["orphans"]
    to = "would be " if report["dry_run"] else ""
    lines = [
        f"compaction: {compaction['small_files']:,} small files ({compaction['small_bytes']:,} bytes) of "
        f"{compaction['partitions']:,} partitions {to}made into {compaction['groups']:,}",
        f"snapshots: {snapshots['expired']:,} {to}forgotten, {snapshots['kept_unpublished']:,} kept for the publisher",
        f"orphans: {orphans['files']:,} files ({orphans['bytes']:,} bytes) {to}deleted",
    ]
    if compaction.get("fingerprints"):
        lines.insert(
            1, f"  the rows of all {len(compaction['fingerprints']):,} new files are those of the old, by fingerprint"
        )
    if compaction["gave_way"]:
        lines.insert(1, f"  {compaction['gave_way']:,} gave way to commits that came first; run again")
    if compaction["left_to_glue"]:
        lines.insert(1, f"  {compaction['left_to_glue']:,} files with row-level deletes are left to Glue's optimizer")
    return lines
