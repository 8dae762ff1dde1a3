"""Which batches are kept back, and what is known of each."""

from __future__ import annotations

from cli.connection import Stage
from contracts.errors import PipelineError
from lake import documents
from lake.layout import split_uri
from lake.ledger import BatchRecord
from lake.quarantine import is_waiting


def read_batches(stage: Stage) -> list[BatchRecord]:
    """The ledger's records, oldest first."""
    return documents.read_batch_records(stage.s3, stage.bucket("processed"))


def was_kept_back(record: BatchRecord) -> bool:
    """Whether the batch is or was in quarantine, whatever was decided since."""
    return is_waiting(record) or bool(record.decisions)


def find(records: list[BatchRecord], wanted: str) -> BatchRecord:
    """The batch of an id or of the beginning of one; PipelineError where there is none or are several."""
    found = [r for r in records if r.batch_id == wanted] or [r for r in records if r.batch_id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise PipelineError(
            f"the ledger has no batch {wanted!r}; expected the id of one. `etl quarantine list` has those that wait."
        )
    ids = ", ".join(r.batch_id for r in found[:3])
    raise PipelineError(f"{len(found)} batches begin with {wanted!r} ({ids}); expected one. Give more of the id.")


def read_document(stage: Stage, record: BatchRecord) -> dict | None:
    """What the validation left in the error zone; None where it has expired."""
    if record.quarantine_uri is None:
        raise PipelineError(
            f"batch {record.batch_id} is {record.status} and was never in quarantine; expected one that was. "
            "`etl status` says what became of it, `etl quarantine list --all` which were."
        )
    return documents.read_json_if_there(stage.s3, *split_uri(record.quarantine_uri))
