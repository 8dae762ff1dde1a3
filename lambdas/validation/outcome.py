"""What a validation hands on: its document, and what the state machine and people are told of a failure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from lake.quality_results import Severity
from lambdas.validation.report import Report
from quality.verdict import Verdict


def with_accepted(verdicts: list[Verdict], release: dict | None) -> list[Verdict]:
    """The verdicts, where a failure that the batch was released with is reported and stops nothing."""
    accepted: Collection[str] = release["accepted"] if release else ()
    return [_accepted(v, release) if v.stops_the_batch and v.expectation_id in accepted else v for v in verdicts]


def _accepted(verdict: Verdict, release: dict) -> Verdict:
    told = f"Accepted by the release of batch {release['batch_id']}: {release['because']}"
    return replace(verdict, severity=Severity.WARN, notes=f"{verdict.notes} {told}")


def as_document(report: Report, report_uri: str, quarantine_uri: str | None) -> dict:
    """The step's document: `failed` stop the batch, `warnings` do not."""
    return {
        "batch_id": report.batch_id,
        "success": not report.stopping,
        "rows": report.rows,
        "evaluated": len(report.verdicts),
        "failed": [entry(verdict) for verdict in report.stopping],
        "warnings": [entry(verdict) for verdict in report.warning],
        "report_uri": report_uri,
        "quarantine_uri": quarantine_uri,
    }


def entry(verdict: Verdict) -> dict:
    """What a document says of an expectation that does not hold."""
    return {
        "expectation_id": verdict.expectation_id,
        "expectation": verdict.expectation,
        "column": verdict.column,
        "found": verdict.found,
    }


def answer(document: dict) -> dict:
    """What the state machine decides by; with the cause of a failure, which is what people read first."""
    told = {name: document[name] for name in ("batch_id", "success", "rows", "evaluated", "report_uri")}
    return told if document["success"] else told | {"cause": _cause(document)}


def _cause(document: dict) -> str:
    failed = "; ".join(f"{e['expectation_id']} ({e['found']})" for e in document["failed"])
    return (
        f"Batch {document['batch_id']}: {len(document['failed'])} of {document['evaluated']} expectations failed "
        f"on {document['rows']:,} rows: {failed}. None of its rows is visible. See {document['report_uri']}. "
        f"{_next_step(document)}"
    )


def _next_step(document: dict) -> str:
    if document["quarantine_uri"]:
        return f"`etl quarantine show {document['batch_id']}` has sample rows; then release or reject the batch."
    return "The partitions are as they were; mend the transform or the rule, then start a new backfill."
