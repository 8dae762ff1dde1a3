"""Run variants as processes of their own, in turn: time, CPU and memory of all they start, files and bytes left."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bench import rounds

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Run:
    """One run of a variant; `rows` is what it says of itself, memory is that of all its processes at once."""

    seconds: float
    cpu_seconds: float
    peak_memory_mb: int
    files: int
    written_mb: float
    rows: dict[str, int]


def compare_processes(name: str, events: int, variants: dict[str, list[str]], folder: Path, turns: int) -> dict:
    """Run each variant once a turn with a folder to write to; the first is the floor. Writes results/<name>.json.

    A variant is the arguments of a Python process that prints its rows by type as JSON, on its last line.
    """
    runs: dict[str, list[Run]] = {variant: [] for variant in variants}
    for _ in range(turns):
        for variant, arguments in variants.items():
            runs[variant].append(run_once(arguments, folder / "out"))
    check_rows({variant: found[0].rows for variant, found in runs.items()})
    floor = next(iter(variants))
    result = {variant: _figures(found, runs[floor], events) for variant, found in runs.items()}
    _print(name, result)
    rounds.RESULTS.mkdir(exist_ok=True)
    document = {"benchmark": name, "variants": result, "runs": {v: [asdict(r) for r in f] for v, f in runs.items()}}
    (rounds.RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
    return result


def run_once(arguments: list[str], out: Path) -> Run:
    """Run a variant into an empty folder; RuntimeError with its last words where it fails."""
    shutil.rmtree(out, ignore_errors=True)
    with (out.parent / "stdout").open("w+") as said, (out.parent / "stderr").open("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, *arguments, str(out)], stdout=said, stderr=errors)
        cpu_seconds, peak = _watch(process)
        seconds = time.perf_counter() - started
        said.seek(0), errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}: {errors.read()[-2000:]}")
        rows = json.loads(said.read().splitlines()[-1])
    written = list(out.rglob("*.parquet"))
    megabytes = sum(file.stat().st_size for file in written) / 1e6
    return Run(seconds, cpu_seconds, peak // 1_000_000, len(written), round(megabytes, 2), rows)


def _watch(process: subprocess.Popen) -> tuple[float, int]:
    """CPU seconds of all its processes, and the most memory that they had at once."""
    root, cpu, peak = psutil.Process(process.pid), {}, 0
    while process.poll() is None:
        peak = max(peak, _sample(root, cpu))
        time.sleep(SAMPLE_SECONDS)
    return sum(cpu.values()), peak


def _sample(root: psutil.Process, cpu: dict[int, float]) -> int:
    resident = 0
    try:
        for process in (root, *root.children(recursive=True)):
            times = process.cpu_times()
            cpu[process.pid] = times.user + times.system
            resident += process.memory_info().rss
    except psutil.Error:
        # It ended between two calls.
        return 0
    return resident


def check_rows(rows: dict[str, dict[str, int]]) -> None:
    """RuntimeError where two variants did not come to the same rows: they did not do the same work."""
    expected = next(iter(rows.values()))
    for variant, found in rows.items():
        if found != expected:
            raise RuntimeError(f"{variant} came to {found}; expected {expected}. The variants do not do the same work.")


def _figures(runs: list[Run], floor: list[Run], events: int) -> dict:
    seconds = statistics.median(run.seconds for run in runs)
    return {
        "events": events,
        "seconds": round(seconds, 1),
        "ratio_to_floor": round(statistics.median(r.seconds / f.seconds for r, f in zip(runs, floor, strict=True)), 2),
        "cpu_seconds": round(statistics.median(run.cpu_seconds for run in runs), 1),
        "peak_memory_mb": max(run.peak_memory_mb for run in runs),
        "files": runs[-1].files,
        "written_mb": runs[-1].written_mb,
    }


def _print(name: str, result: dict) -> None:
    table = Table("variant", "events", "seconds", "ratio to floor", "CPU s", "peak MB", "files", "MB", title=name)
    for variant, figures in result.items():
        table.add_row(variant, *(f"{value:,}" for value in figures.values()))
    Console().print(table)
