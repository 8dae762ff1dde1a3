"""What people need to decide on a batch that was kept back: one document in the error zone."""

from __future__ import annotations

from lambdas.validation.outcome import entry
from lambdas.validation.report import Report


def quarantine_document(report: Report, manifest: dict, samples: dict[str, list[dict]], report_uri: str) -> dict:
    """Failing expectations with sample rows, and counts by event type and date; the same batch is the same document."""
    return {
        "batch_id": report.batch_id,
        "batch_date": report.batch_date,
        "started_at": manifest["started_at"],
        "raw_lines": sum(raw["lines"] for raw in manifest["raw_objects"]),
        "rows": report.rows,
        "evaluated": len(report.verdicts),
        "failed": [
            entry(verdict)
            | {"description": verdict.description, "notes": verdict.notes, "samples": samples[verdict.expectation_id]}
            for verdict in report.stopping
        ],
        "warnings": [entry(verdict) for verdict in report.warning],
        "counts": _counts(report.files),
        "report_uri": report_uri,
        "release": manifest.get("release"),
    }


def _counts(files: list[dict]) -> list[dict]:
    rows: dict[tuple[str, str], int] = {}
    for file in files:
        key = (file["event_type"], file["event_date"])
        rows[key] = rows.get(key, 0) + file["rows"]
    return [{"event_type": name, "event_date": day, "rows": count} for (name, day), count in sorted(rows.items())]
