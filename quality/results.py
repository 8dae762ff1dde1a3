"""Verdicts as rows of the table `dq_results`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lake.quality_results import QualityResult, RunKind, timestamp_text
from quality.verdict import Verdict


@dataclass(frozen=True)
class Run:
    """What all results of one table and day of a run have in common; `validated_at` is UTC."""

    run_id: str
    run_kind: RunKind
    table_name: str
    data_date: str
    row_count: int
    validated_at: datetime
    report_uri: str | None = None


def as_results(run: Run, verdicts: Iterable[Verdict]) -> list[QualityResult]:
    """One row per verdict."""
    return [_result(run, verdict) for verdict in verdicts]


def _result(run: Run, verdict: Verdict) -> QualityResult:
    return QualityResult(
        run_id=run.run_id,
        run_kind=str(run.run_kind),
        table_name=run.table_name,
        data_date=run.data_date,
        expectation_id=verdict.expectation_id,
        expectation=verdict.expectation,
        column_name=verdict.column,
        description=verdict.description,
        severity=str(verdict.severity),
        origin=verdict.origin,
        success=verdict.success,
        evaluated=verdict.evaluated,
        unexpected=verdict.unexpected,
        observed=verdict.observed,
        row_count=run.row_count,
        validated_at=timestamp_text(run.validated_at),
        report_uri=run.report_uri,
    )
