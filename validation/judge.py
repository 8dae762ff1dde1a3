"""A suite run over one day: its results as rows of `dq_results`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pandas as pd

from contracts.errors import ConfigurationError
from lake.quality_results import QualityResult, RunKind
from quality.evaluate import Told, evaluate
from quality.history import bounds_from_history, freshness_bound
from quality.results import Run as ResultsOf
from quality.results import as_results
from quality.suites import load_suite, of_scope
from validation.run import Run

# What a suite of somebody's own need not say.
BY_ITSELF = {"origin": "hand-written", "scope": [RunKind.DAYS]}
# The longest that a suite looks back: see `history` in its expectations.
HISTORY_OF_BOUNDS_DAYS = 28


def read_suite(run: Run) -> dict:
    """The expectations on whole days, of the run's own suite or of the table's."""
    suite = own_suite(Path(run.suite)) if run.suite else load_suite(run.table)
    return of_scope(suite, RunKind.DAYS)


def own_suite(path: Path) -> dict:
    """A suite from a file; expectations without an id are named by what they say."""
    try:
        suite = json.loads(path.read_text(encoding="utf-8"))
        made = [with_defaults(expectation) for expectation in suite["expectations"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"suite {path} cannot be read ({type(error).__name__}: {error}); expected JSON with `expectations`, each "
            "with `type`, `kwargs`, `description` and `severity`, as in expectations/events.json. Mend the file."
        ) from None
    return {"name": path.stem, **suite, "expectations": made}


def with_defaults(expectation: dict) -> dict:
    meta = {"id": expectation["description"], **BY_ITSELF, **expectation.get("meta", {})}
    return {"notes": "", **expectation, "meta": meta}


def parameters_of(
    suite: dict, run: Run, day: str, event_types: Iterable[str], results: Iterable[QualityResult]
) -> dict[str, object]:
    """What the suite's $PARAMETERs stand for on a day; `results` are those of days before, of any run."""
    fresh = freshness_bound(day, datetime.fromisoformat(run.validated_at))
    return {"event_types": sorted(event_types), **fresh, **bounds_from_history(suite, day, results)}


def judge(
    frame: pd.DataFrame, suite: dict, parameters: dict, run: Run, day: str, told: Told | None = None
) -> list[QualityResult]:
    """One result an expectation, in the order of the suite; `told` is given Great Expectations' own."""
    at = datetime.fromisoformat(run.validated_at)
    common = ResultsOf(run.run_id, RunKind.DAYS, run.table, day, len(frame), at, run.report_uri)
    return as_results(common, evaluate(frame, suite, parameters, told))
