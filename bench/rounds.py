"""Run variants in turn and report ratios: these hold where the machine's speed drifts, single times do not."""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


def compare(name: str, events: int, variants: dict[str, Callable[[], object]], rounds: int = 5) -> dict:
    """Time each variant once a round; the first is the floor. Prints a table, writes results/<name>.json."""
    seconds: dict[str, list[float]] = {variant: [] for variant in variants}
    for _ in range(rounds):
        for variant, run in variants.items():
            started = time.perf_counter()
            run()
            seconds[variant].append(time.perf_counter() - started)
    floor = next(iter(variants))
    result = {variant: _figures(times, seconds[floor], events) for variant, times in seconds.items()}
    _print(name, result)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"benchmark": name, "variants": result}, indent=2) + "\n")
    return result


def _figures(times: list[float], floor: list[float], events: int) -> dict:
    median = statistics.median(times)
    return {
        "events": events,
        "seconds": round(median, 4),
        "events_per_second": round(events / median),
        "ratio_to_floor": round(statistics.median(t / f for t, f in zip(times, floor, strict=True)), 2),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _print(name: str, result: dict) -> None:
    table = Table("variant", "events", "seconds", "events/s", "ratio to floor", "peak MB", title=name)
    for variant, figures in result.items():
        table.add_row(variant, *(f"{value:,}" for value in figures.values()))
    Console().print(table)
