"""Bounds of a day that follow from the days before it, out of their results in `dq_results`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from lake.quality_results import QualityResult, RunKind

# What stands for a bound that nothing is known about: the aggregate is measured, and kept for the days after.
LOWEST, HIGHEST = -1e15, 1e15
MOST_SILENT_HOURS = 6
FRESHNESS = "freshness_min"


def bound_names(name: str) -> tuple[str, str]:
    """The $PARAMETERs of an expectation's bounds; Great Expectations takes a dot in one for an operator."""
    return f"{name.replace('.', '_')}_min", f"{name.replace('.', '_')}_max"


def bounds_from_history(suite: dict, data_date: str, results: Iterable[QualityResult]) -> dict[str, float]:
    """What the $PARAMETERs of the suite that follow from history stand for on a day (YYYY-MM-DD), by `meta.history`.

    Of each day before, the newest result of a run over whole days counts; too few of them bound nothing.
    """
    found: dict[str, float] = {}
    observed = _observed(suite["name"], results)
    for expectation in suite["expectations"]:
        if history := expectation["meta"].get("history"):
            name = expectation["meta"]["id"]
            found |= _bounds(name, history, _days_before(observed.get(name, {}), data_date, history["days"]))
    return found


def _observed(table: str, results: Iterable[QualityResult]) -> dict[str, dict[str, float]]:
    """Expectation -> day -> aggregate."""
    found: dict[str, dict[str, float]] = {}
    for result in sorted(results, key=lambda result: result.validated_at):
        is_aggregate = result.observed is not None and result.run_kind == RunKind.DAYS
        if is_aggregate and result.table_name == table:
            found.setdefault(result.expectation_id, {})[result.data_date] = float(result.observed)
    return found


def _days_before(observed: dict[str, float], data_date: str, days: int) -> list[float]:
    first = (date.fromisoformat(data_date) - timedelta(days=days)).isoformat()
    return [value for day, value in observed.items() if first <= day < data_date]


def _bounds(name: str, history: dict, values: list[float]) -> dict[str, float]:
    if len(values) < history["least_days"]:
        return dict(zip(bound_names(name), (LOWEST, HIGHEST), strict=True))
    middle = median(values)
    return dict(zip(bound_names(name), (history["low"] * middle, history["high"] * middle), strict=True))


def freshness_bound(data_date: str, now: datetime) -> dict[str, float]:
    """The hour of the day (UTC) that its newest event must have reached, at the time `now`."""
    midnight = datetime.combine(date.fromisoformat(data_date), time(), UTC)
    hours_gone = min((now - midnight) / timedelta(hours=1), 24)
    return {FRESHNESS: max(hours_gone - MOST_SILENT_HOURS, 0)}
