"""What a validation hands on: its document, and the error that stops a batch."""

from __future__ import annotations

from contracts.errors import PipelineError
from lambdas.validation.report import Report
from quality.verdict import Verdict


class ValidationFailed(PipelineError):
    """An expectation of severity `fail` does not hold; nothing of the batch becomes visible."""


def as_document(report: Report, report_uri: str) -> dict:
    """The step's document: `failed` stop the batch, `warnings` do not."""
    return {
        "batch_id": report.batch_id,
        "success": not report.stopping,
        "rows": report.rows,
        "evaluated": len(report.verdicts),
        "failed": [_entry(verdict) for verdict in report.stopping],
        "warnings": [_entry(verdict) for verdict in report.warning],
        "report_uri": report_uri,
    }


def _entry(verdict: Verdict) -> dict:
    return {
        "expectation_id": verdict.expectation_id,
        "expectation": verdict.expectation,
        "column": verdict.column,
        "found": verdict.found,
    }


def require_success(document: dict) -> None:
    """ValidationFailed where the batch must not become visible; the message is what people read first."""
    if document["success"]:
        return
    failed = "; ".join(f"{e['expectation_id']} ({e['found']})" for e in document["failed"])
    raise ValidationFailed(
        f"Batch {document['batch_id']}: {len(document['failed'])} of {document['evaluated']} expectations failed "
        f"on {document['rows']:,} rows: {failed}. None of its rows is visible. See {document['report_uri']}, mend the "
        "producer, the transform or the rule; reconciliation then runs the raw objects again."
    )
