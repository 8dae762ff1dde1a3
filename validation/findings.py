"""What a validation of days found, and the verdict on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import PipelineError
from lake.quality_results import QualityResult, Severity
from validation.profile import Group
from validation.run import Run


class DaysNotSound(PipelineError):
    """An expectation of severity `fail` does not hold on a day."""


@dataclass(frozen=True)
class Findings:
    """What the report tells. `history` are results of earlier runs; answers of Athena are lists of rows.

    `samples` are rows that break an expectation, by (day, expectation id).
    """

    run: Run
    snapshot_id: int | None
    results: list[QualityResult]
    history: list[QualityResult] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    numeric: list[str] = field(default_factory=list)
    lateness: list[dict[str, Any]] = field(default_factory=list)
    freshness: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    samples: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)

    @property
    def failed(self) -> list[QualityResult]:
        return [result for result in self.results if not result.success and result.severity == Severity.FAIL]

    @property
    def warned(self) -> list[QualityResult]:
        return [result for result in self.results if not result.success and result.severity != Severity.FAIL]

    @property
    def rows_by_day(self) -> dict[str, int]:
        return {result.data_date: result.row_count for result in self.results}

    def latest(self) -> dict[tuple[str, str], list[QualityResult]]:
        """Results of whole days by (table, day): of each expectation that of the run that looked last."""
        last: dict[tuple[str, str], dict[str, QualityResult]] = {}
        for result in sorted([*self.history, *self.results], key=lambda r: (r.validated_at, r.run_id)):
            last.setdefault((result.table_name, result.data_date), {})[result.expectation_id] = result
        return {day: list(results.values()) for day, results in last.items()}


def require_sound(findings: Findings) -> None:
    """DaysNotSound where an expectation of severity `fail` does not hold; the message names days and expectations."""
    if not findings.failed:
        return
    days = Counter(result.data_date for result in findings.failed)
    first = "; ".join(f"{r.data_date}: {r.description} ({in_words(r)})" for r in findings.failed[:5])
    more = f"; and {len(findings.failed) - 5} more" if len(findings.failed) > 5 else ""
    raise DaysNotSound(
        f"{findings.run.table}: {len(findings.failed)} expectations of severity fail do not hold on {len(days)} of "
        f"{len(findings.run.days)} days. {first}{more}. Look at {findings.run.report_uri}, mend the producer, the "
        "rule or the expectation, then compute the days again with etl backfill and validate them again."
    )


def in_words(result: QualityResult) -> str:
    """What was found: counts, or the aggregate."""
    if result.unexpected is None or result.evaluated is None:
        return result.observed or "no values to check"
    return f"{result.unexpected:,} of {result.evaluated:,} values break it"
