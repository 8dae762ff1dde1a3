"""Deduplication against stored rows: planning and job, by how much history there is and how it lies.

A batch of one day's events; the table has the same day, so that there is something to compare with, and days before it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pyiceberg.table import Table
from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table as Printed

from bench.history import add_days, catalog, events_table
from bench.raw_zone import START, write_raw_zone
from bench.rounds import compare
from bench.spark_session import spark_session
from jobs.process_events import job
from lake.catalog import stored_files
from lake.manifest import RawObjectEntry, time_spans
from lake.raw_lines import read_metadata

EVENTS, ROWS_A_FILE, PLAN_TURNS, JOB_TURNS = 50_000, 10_000, 3, 4
FILES_A_LOOSE_DAY = 24
DAYS = (10, 100)
SIZES = job.Sizes(file_rows=1_000_000, partition_mb=16)
Spans = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Raw:
    """Raw objects of a batch and the span of event times per type that their metadata tells."""

    paths: list[Path]
    spans: Spans

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.paths)


def run(events: int = EVENTS) -> None:
    """Compare no history with little and much, with late events, and with files that nobody compacted."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name, catalog() as glue:
        folder = Path(name)
        on_time = read_raw(folder / "raw", events, with_late=False)
        with_late = read_raw(folder / "late", events, with_late=True)
        few, many, loose = (events_table(glue, name, folder) for name in ("few", "many", "loose"))
        for table, days in ((few, DAYS[0]), (many, DAYS[1]), (loose, DAYS[1] - 4)):
            first = START - timedelta(days=days - 1 if table is not loose else DAYS[1] - 1)
            add_days(table, first, days, ROWS_A_FILE)
        add_days(loose, START - timedelta(days=3), 4, ROWS_A_FILE // FILES_A_LOOSE_DAY, files_a_day=FILES_A_LOOSE_DAY)
        compare_histories(
            folder,
            events,
            {
                "no history": (None, on_time),
                f"{DAYS[0]} days": (few, on_time),
                f"{DAYS[1]} days": (many, on_time),
                f"{DAYS[1]} days, 3 % late": (many, with_late),
                f"{DAYS[1]} days, 3 % late, a file an hour": (loose, with_late),
            },
        )


def read_raw(folder: Path, events: int, with_late: bool) -> Raw:
    paths, metadata = write_raw_zone(folder, events, with_late)
    entries = [
        RawObjectEntry("", str(p), None, 0, 0, read_metadata(m)["types"]) for p, m in zip(paths, metadata, strict=True)
    ]
    return Raw(paths, time_spans(entries))


def compare_histories(folder: Path, events: int, histories: dict[str, tuple[Table | None, Raw]]) -> None:
    """Planning alone, then planning and job; and how many files were planned."""
    spark = spark_session()
    plans = {name: planning(table, raw.spans) for name, (table, raw) in histories.items()}
    jobs = {name: whole(spark, plans[name], raw, folder) for name, (_, raw) in histories.items()}
    compare("dedupe-planning", events, {name: plan for name, plan in plans.items() if histories[name][0]}, PLAN_TURNS)
    compare("dedupe", events, jobs, JOB_TURNS)
    printed = Printed("history", "files in the table", "files planned", title="what a batch is compared with")
    for name, (table, _) in histories.items():
        there = len(stored_files(table, None)) if table else 0
        printed.add_row(name, f"{there:,}", f"{len(plans[name]()):,}")
    Console().print(printed)


def planning(table: Table | None, spans: Spans) -> Callable[[], list[str]]:
    """What the manifest's function does: open the table as it is now, and ask for overlapping files."""
    return lambda: stored_files(table.refresh(), spans) if table else []


def whole(spark: SparkSession, plan: Callable[[], list[str]], raw: Raw, folder: Path) -> Callable[[], object]:
    paths = [str(path) for path in raw.paths]
    return lambda: job.process(spark, job.Batch("b", paths, plan(), str(folder / "out"), raw.size, SIZES), "pepper")
