"""A suite run over one day: its results as rows of `dq_results`."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pandas as pd

from contracts.errors import ConfigurationError
from lake.quality_results import QualityResult, RunKind, Severity, timestamp_text
from lambdas.validation.suite import Verdict, columns_of, evaluate
from validation.run import Run

BATCH_ONLY = "batch_ids"


def read_suite(root: Path, run: Run) -> dict:
    """The suite of the run; without those expectations that mean something for one batch alone."""
    path = root / (run.suite or f"expectations/{run.table}.json")
    if not path.is_file():
        raise ConfigurationError(f"there is no suite {path}; expected a file of expectations. Name one that is there.")
    suite = json.loads(path.read_text(encoding="utf-8"))
    return suite | {"expectations": [with_id(e) for e in suite["expectations"] if BATCH_ONLY not in json.dumps(e)]}


def with_id(expectation: dict) -> dict:
    meta = expectation.get("meta") or {}
    return expectation | {"meta": {"id": expectation["description"], **meta}}


def judge(frame: pd.DataFrame, suite: dict, parameters: dict, run: Run, day: str) -> list[QualityResult]:
    """One result an expectation, in the order of the suite."""
    verdicts = evaluate(frame, suite, parameters)
    return [_result(e, v, run, day, len(frame)) for e, v in zip(suite["expectations"], verdicts, strict=True)]


def _result(expectation: dict, verdict: Verdict, run: Run, day: str, rows: int) -> QualityResult:
    counted = re.match(r"([\d,]+) of ([\d,]+) values", verdict.found)
    unexpected, evaluated = (int(text.replace(",", "")) for text in counted.groups()) if counted else (None, None)
    return QualityResult(
        run_id=run.run_id,
        run_kind=RunKind.DAYS,
        table_name=run.table,
        data_date=day,
        expectation_id=expectation["meta"]["id"],
        expectation=verdict.expectation,
        column_name=verdict.column,
        description=verdict.description,
        severity=Severity.FAIL if verdict.severity == "critical" else Severity.WARN,
        origin=expectation["meta"].get("origin", "hand-written"),
        success=verdict.success,
        evaluated=evaluated,
        unexpected=unexpected,
        observed=None if counted else verdict.found,
        row_count=rows,
        validated_at=timestamp_text(datetime.fromisoformat(run.validated_at)),
        report_uri=run.report_uri,
    )


__all__ = ["columns_of", "judge", "read_suite"]
