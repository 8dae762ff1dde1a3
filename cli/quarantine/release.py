"""A release: the raw objects of a batch run again, once, in a new batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from botocore.exceptions import ClientError

from cli.connection import Stage
from cli.sending.waiting import end_in_words, ended_execution
from contracts.errors import PipelineError
from lake.documents import find_batch_record
from lake.ledger import BatchRecord
from lake.quarantine import Decided, Release, is_releasable, released_as

HEADS_AT_ONCE = 32


@dataclass(frozen=True)
class Started:
    """The batch that runs the raw objects, and its execution."""

    batch_id: str
    execution_arn: str


def accepted_ids(record: BatchRecord, wanted: list[str], is_mended: bool) -> list[str]:
    """Expectations that may fail again: those that people have seen fail, or fewer."""
    known = (record.release or {}).get("accepted", []) + record.failed_expectations
    if wanted and is_mended:
        raise PipelineError("--accept and --mended are both there; expected one: mended, nothing may fail again.")
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise PipelineError(
            f"--accept {unknown[0]} did not fail in batch {record.batch_id}; "
            f"expected one of {', '.join(sorted(set(known)))}."
        )
    return [] if is_mended else sorted(set(wanted or known))


def start(stage: Stage, record: BatchRecord, accepted: list[str], decided: Decided) -> Started:
    """Start the release; PipelineError where the batch cannot be released, or is being released."""
    require_releasable(record)
    require_raw_objects(stage, record)
    release = Release(
        record.batch_id, record.batch_date, accepted, decided.because, decided.decided_by, decided.decided_at
    )
    raw = stage.bucket("raw")
    given = {
        "objects": [{"bucket": raw, **entry} for entry in record.raw_objects],
        "attempt": 1,
        "release": release.as_document(),
    }
    return _start_once(stage, record.batch_id, json.dumps(given))


def require_releasable(record: BatchRecord) -> None:
    if is_releasable(record):
        return
    as_batch = released_as(record)
    next_step = (
        f"It runs as {as_batch}, or did: `etl quarantine show {as_batch}` or `etl status`."
        if as_batch
        else "`etl quarantine list --all` has those that were."
    )
    raise PipelineError(f"batch {record.batch_id} is {record.status}; expected one in quarantine. {next_step}")


def require_raw_objects(stage: Stage, record: BatchRecord) -> None:
    """PipelineError where the raw zone no longer has all of them."""
    s3, raw = stage.s3, stage.bucket("raw")

    def is_there(entry: dict) -> bool:
        try:
            s3.head_object(Bucket=raw, Key=entry["key"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            return False
        return True

    with ThreadPoolExecutor(HEADS_AT_ONCE) as pool:
        there = pool.map(is_there, record.raw_objects)
        gone = [entry["key"] for entry, is_kept in zip(record.raw_objects, there, strict=True) if not is_kept]
    if gone:
        raise PipelineError(
            f"batch {record.batch_id}: {len(gone)} of {len(record.raw_objects)} raw objects are gone, the first "
            f"s3://{raw}/{gone[0]}; expected all of them. Restore their noncurrent versions while S3 has them "
            f"(docs/runbook.md), or send the events again and `etl quarantine reject {record.batch_id}`."
        )


def release_name(batch_id: str, number: int = 1) -> str:
    """Name of the execution, and of the new batch: the same batch has the same, so that only one of two can start."""
    digest = hashlib.sha256(f"release {batch_id}".encode()).hexdigest()[:12]
    return f"release-{digest}" + (f"-{number}" if number > 1 else "")


def _start_once(stage: Stage, batch_id: str, given: str) -> Started:
    client, machine = stage.client("stepfunctions"), stage.handed_over("state-machine-arn")
    for number in count(1):
        name = release_name(batch_id, number)
        try:
            answer = client.start_execution(stateMachineArn=machine, name=name, input=given)
            return Started(name, answer["executionArn"])
        except client.exceptions.ExecutionAlreadyExists:
            _require_ended(batch_id, name, _status(stage, name))
    raise AssertionError("numbers do not end")


def _require_ended(batch_id: str, name: str, status: str) -> None:
    # One that ended and left the batch in quarantine never took over its raw objects.
    if status == "RUNNING":
        raise PipelineError(
            f"batch {batch_id} is being released already, as batch {name}; expected one that waits. "
            "`etl status` follows it."
        )


def running_release(stage: Stage, batch_id: str) -> str | None:
    """The batch that is taking over the raw objects at this moment."""
    return next((name for name, status in _releases(stage, batch_id) if status == "RUNNING"), None)


def _releases(stage: Stage, batch_id: str) -> Iterator[tuple[str, str]]:
    client = stage.client("stepfunctions")
    for number in count(1):
        name = release_name(batch_id, number)
        try:
            yield name, _status(stage, name)
        except client.exceptions.ExecutionDoesNotExist:
            return


def _status(stage: Stage, name: str) -> str:
    machine = stage.handed_over("state-machine-arn")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    return stage.client("stepfunctions").describe_execution(executionArn=arn)["status"]


def wait_for(stage: Stage, started: Started, timeout_seconds: float) -> BatchRecord:
    """The new batch's record once it is published; PipelineError with the cause where it is not."""
    ended = ended_execution(stage.client("stepfunctions"), started.execution_arn, timeout_seconds)
    if ended is None:
        raise PipelineError(
            f"batch {started.batch_id} is not done after {timeout_seconds:g} s; it goes on. `etl status` follows it."
        )
    if ended["status"] != "SUCCEEDED":
        raise PipelineError(f"batch {started.batch_id} {end_in_words(ended)}")
    return find_batch_record(stage.s3, stage.bucket("processed"), started.batch_id)
