"""The transform: our job, the job as it is often written, and the same work by hand, in processes of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.processes import compare_processes
from bench.raw_zone import write_raw_zone

TURNS_BY_EVENTS = {100_000: 3, 1_000_000: 1}
VARIANTS = {
    "DuckDB by hand": "bench.transform_floor",
    "naive PySpark": "bench.transform_naive",
    "our job": "bench.transform_ours",
}


def run(*sizes: int) -> None:
    """Compare at each size: `transform:5000000` takes some minutes a variant."""
    for events in sizes or TURNS_BY_EVENTS:
        compare_at(events, TURNS_BY_EVENTS.get(events, 1))


def compare_at(events: int, turns: int) -> dict:
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        folder = Path(name)
        write_raw_zone(folder / "raw", events)
        variants = {variant: ["-m", module, str(folder / "raw")] for variant, module in VARIANTS.items()}
        return compare_processes(f"transform-{events}", events, variants, folder, turns)
