"""A decision on a batch in quarantine: who, when and why; and what keeps a batch out."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from botocore.exceptions import ClientError

from cli.connection import Stage
from cli.quarantine.release import running_release
from contracts.errors import PipelineError
from lake.layout import batch_record_key
from lake.ledger import BatchRecord, to_document
from lake.positions import utc_text
from lake.quarantine import Decided, is_waiting, rejected, released_as


def decision_by(stage: Stage, because: str) -> Decided:
    """A decision of whoever holds the credentials, now."""
    if not because.strip():
        raise PipelineError("--reason is empty; expected why. The ledger keeps it.")
    who = stage.client("sts").get_caller_identity()["Arn"]
    return Decided(because, who, utc_text(datetime.now(UTC)))


def reject(stage: Stage, record: BatchRecord, decided: Decided) -> BatchRecord:
    """Keep a batch out; PipelineError where it is not waiting, or somebody decides at the same moment."""
    require_waiting(record)
    if under_way := running_release(stage, record.batch_id):
        raise PipelineError(
            f"batch {record.batch_id} is being released as {under_way}; expected one that waits. "
            "Reject that one if it comes back to quarantine; `etl status` follows it."
        )
    decided_on = rejected(record, decided)
    replace_record(stage, record, decided_on)
    return decided_on


def require_waiting(record: BatchRecord) -> None:
    if is_waiting(record):
        return
    as_batch = f" as {released_as(record)}" if released_as(record) else ""
    raise PipelineError(
        f"batch {record.batch_id} is {record.status}{as_batch}; expected one that waits in quarantine. "
        "`etl quarantine list` has those."
    )


def replace_record(stage: Stage, before: BatchRecord, after: BatchRecord) -> None:
    """Write the record, unless it is no longer what it was."""
    bucket, key = stage.bucket("processed"), batch_record_key(before.batch_date, before.batch_id)
    found = stage.s3.get_object(Bucket=bucket, Key=key)
    is_same = orjson.loads(found["Body"].read())["status"] == before.status
    try:
        if is_same:
            body = orjson.dumps(to_document(after), option=orjson.OPT_SORT_KEYS)
            stage.s3.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType="application/json", IfMatch=found["ETag"]
            )
            return
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
    raise PipelineError(
        f"somebody else decided on batch {before.batch_id} at this moment; expected it to wait. "
        f"`etl quarantine show {before.batch_id}` says what; decide again if you still want to."
    )
