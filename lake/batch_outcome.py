"""What the ledger says of a batch, composed out of what its steps left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.errors import PipelineError
from lake.ledger import ACCOUNTED, KEPT_BACK, VISIBLE, BatchRecord, BatchStatus
from lake.manifest import Manifest

STEPS = ("manifest", "transform", "enrichment", "validation", "commit", "publish")
NEEDED = {
    BatchStatus.FAILED: (),
    BatchStatus.QUARANTINED: ("manifest", "validation"),
    BatchStatus.COMMITTED: ("manifest", "transform", "commit"),
    BatchStatus.PUBLISHED: ("manifest", "transform", "commit", "publish"),
}


@dataclass(frozen=True)
class Outcome:
    """How an execution of a batch came out; times are RFC 3339 UTC."""

    batch_id: str
    status: BatchStatus
    started_at: str
    recorded_at: str
    error: str | None = None
    cause: str | None = None


def compose_record(
    outcome: Outcome,
    documents: Mapping[str, dict],
    existing: BatchRecord | None,
    contract_versions: dict[str, str],
) -> BatchRecord:
    """The batch's record; PipelineError where a document lacks or the lines do not add up."""
    if existing and existing.status in VISIBLE:
        return _advanced(existing, outcome, documents)
    if existing and existing.decisions:
        return existing
    status = _status(outcome, documents)
    _require(outcome.batch_id, documents, NEEDED[status])
    begun = _begun(outcome, documents, existing)
    record = replace(
        begun,
        status=str(status),
        recorded_at=outcome.recorded_at,
        contract_versions=contract_versions,
        error=outcome.error,
        cause=outcome.cause,
        **(_kept_back(begun, documents) if status in KEPT_BACK else _counts(documents)),
    )
    return _balanced(record) if status in ACCOUNTED else record


def _status(outcome: Outcome, documents: Mapping[str, dict]) -> BatchStatus:
    # An execution may fail after its commit: the rows are visible, so the batch is committed.
    has_failed_late = outcome.status == BatchStatus.FAILED and "commit" in documents
    return BatchStatus.COMMITTED if has_failed_late else outcome.status


def _advanced(existing: BatchRecord, outcome: Outcome, documents: Mapping[str, dict]) -> BatchRecord:
    """A visible batch stays visible; all that can still happen to it is that its rows are published."""
    if outcome.status != BatchStatus.PUBLISHED:
        return existing
    _require(outcome.batch_id, documents, ("publish",))
    return replace(existing, status=str(outcome.status), recorded_at=outcome.recorded_at, **_sent(documents))


def _sent(documents: Mapping[str, dict]) -> dict:
    """What the publication came to."""
    publish = documents.get("publish", {})
    numbers = ("published", "switched_off", "publish_failures", "deleted_unsent")
    return {name: publish.get(name, 0) for name in numbers} | {"unsent_events": publish.get("unsent_events", [])}


def _begun(outcome: Outcome, documents: Mapping[str, dict], existing: BatchRecord | None) -> BatchRecord:
    """What was known when the batch began: from the manifest, else from the record it claimed its objects with."""
    if "manifest" in documents:
        return running_record(Manifest.from_document(documents["manifest"]), outcome.recorded_at)
    return existing or BatchRecord(
        batch_id=outcome.batch_id,
        batch_date=outcome.started_at[:10],
        status=str(outcome.status),
        started_at=outcome.started_at,
        recorded_at=outcome.recorded_at,
        attempt=1,
        raw_objects=[],
        raw_lines=0,
    )


def running_record(manifest: Manifest, recorded_at: str) -> BatchRecord:
    """The record of a batch that has its manifest and no rows yet."""
    return BatchRecord(
        batch_id=manifest.batch_id,
        batch_date=manifest.batch_date,
        status=str(BatchStatus.RUNNING),
        started_at=manifest.started_at,
        recorded_at=recorded_at,
        attempt=manifest.attempt,
        raw_objects=[{"key": entry.key, "version": entry.version} for entry in manifest.raw_objects],
        raw_lines=manifest.raw_lines,
        release=manifest.release,
    )


def _kept_back(begun: BatchRecord, documents: Mapping[str, dict]) -> dict:
    """All lines: what the transform dropped or refused is judged anew once the batch is released."""
    validation = documents["validation"]
    return {
        "quarantined": begun.raw_lines,
        "failed_expectations": [entry["expectation_id"] for entry in validation["failed"]],
        "quarantine_uri": validation["quarantine_uri"],
        "report_uri": validation["report_uri"],
    }


def _counts(documents: Mapping[str, dict]) -> dict:
    """Numbers of the record; rows dropped at the commit are duplicates as those dropped by the transform are."""
    transform, commit = documents.get("transform", {}), documents.get("commit", {})
    return {
        "rows": commit.get("rows", 0),
        "rows_by_type": commit.get("rows_by_type", {}),
        "redelivered": transform.get("redelivered", 0) + commit.get("redelivered", 0),
        "repeated": transform.get("repeated", 0) + commit.get("repeated", 0),
        "rejected": transform.get("rejected", 0),
        "rejects_by_reason": transform.get("rejects_by_reason", {}),
        "late_rows": transform.get("late_rows", 0),
        "identity_conflicts": transform.get("identity_conflicts", 0),
        **_sent(documents),
        "enrichment_misses": _misses(documents.get("enrichment", {})),
        "enrichment_sources": documents.get("enrichment", {}).get("used", {}),
        "snapshot_id": commit.get("snapshot_id"),
        "report_uri": documents.get("validation", {}).get("report_uri"),
    }


def _misses(enrichment: dict) -> dict[str, int]:
    """By enrichment and reason: `geo.private`."""
    return {
        f"{name}.{reason}": n for name, found in enrichment.get("misses", {}).items() for reason, n in found.items()
    }


def _require(batch_id: str, documents: Mapping[str, dict], names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in documents]
    if missing:
        raise PipelineError(
            f"batch {batch_id}: document {', '.join(missing)} missing; expected what every earlier step left. "
            "Run the batch again from its first step."
        )


def _balanced(record: BatchRecord) -> BatchRecord:
    if record.imbalance:
        raise PipelineError(
            f"batch {record.batch_id}: {record.raw_lines} raw lines, but {record.rows} rows + "
            f"{record.redelivered} redelivered + {record.repeated} repeated + {record.rejected} rejected + "
            f"{record.quarantined} quarantined; expected both sides equal. "
            f"Compare the documents of the batch: {record.imbalance} lines are unaccounted for."
        )
    return record
