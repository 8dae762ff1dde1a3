"""`etl publish`: what is committed and not downstream is sent, by the state machine as ever."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.connection import Stage
from cli.sending.waiting import ended_execution, failure_in_words
from contracts.errors import PipelineError
from lake.documents import find_batch_record, read_batch_records
from lake.ledger import VISIBLE, BatchRecord, BatchStatus
from lambdas.reconciliation.names import republish_name, republish_suffix


@dataclass(frozen=True)
class Sending:
    """An execution that publishes a batch."""

    batch_id: str
    arn: str


def is_unpublished(batch: BatchRecord) -> bool:
    """Whether rows of the batch are not downstream that should be."""
    has_failures = batch.status == BatchStatus.PUBLISHED and batch.publish_failures > 0
    return batch.status == BatchStatus.COMMITTED or has_failures


def chosen(batches: Iterable[BatchRecord], executing: Collection[str]) -> list[str]:
    """Ids of unpublished batches that no execution is working on."""
    return [b.batch_id for b in batches if is_unpublished(b) and not is_under_way(b.batch_id, executing)]


def is_under_way(batch_id: str, executing: Collection[str]) -> bool:
    """Whether an execution makes or publishes the batch."""
    return any(name == batch_id or name.endswith(republish_suffix(batch_id)) for name in executing)


def require_unpublished(batch_id: str, batch: BatchRecord | None, executing: Collection[str]) -> None:
    """PipelineError where there is nothing to send of the batch."""
    if batch is None:
        raise PipelineError(f"the ledger has no batch {batch_id}; `etl status --json` lists the batches.")
    if batch.status not in VISIBLE:
        raise PipelineError(
            f"batch {batch_id} is {batch.status}; expected committed rows. `etl reconcile` runs again what failed."
        )
    if is_under_way(batch_id, executing):
        raise PipelineError(f"batch {batch_id} is under way; expected none that works on it. Wait until it has ended.")
    if not is_unpublished(batch):
        raise PipelineError(f"batch {batch_id} is published, all {batch.published:,} rows; there is nothing to send.")


def run(stage: Stage, batch_id: str, all_unpublished: bool, timeout_seconds: float) -> list[dict]:
    """Publish a batch, or every one that is not published; what became of each."""
    if bool(batch_id) == all_unpublished:
        raise PipelineError("name either --batch ID or --all-unpublished; see `etl publish --help`.")
    bucket, machine = stage.bucket("processed"), stage.client("stepfunctions")
    executing = running(machine, stage.handed_over("state-machine-arn"))
    if all_unpublished:
        wanted = chosen(read_batch_records(stage.s3, bucket), executing)
    else:
        require_unpublished(batch_id, find_batch_record(stage.s3, bucket, batch_id), executing)
        wanted = [batch_id]
    begun = [start(machine, stage.handed_over("state-machine-arn"), name) for name in wanted]
    ended = {sending.batch_id: wait(machine, sending, timeout_seconds) for sending in begun}
    return [outcome(find_batch_record(stage.s3, bucket, name), execution) for name, execution in ended.items()]


def running(machine: Any, arn: str) -> set[str]:
    """Names of executions that are under way."""
    pages = machine.get_paginator("list_executions").paginate(stateMachineArn=arn, statusFilter="RUNNING")
    return {execution["name"] for page in pages for execution in page["executions"]}


def start(machine: Any, arn: str, batch_id: str) -> Sending:
    """Start the execution; its name tells reconciliation which batch it publishes."""
    name, given = republish_name(batch_id, datetime.now(UTC)), json.dumps({"republish": batch_id})
    return Sending(batch_id, machine.start_execution(stateMachineArn=arn, name=name, input=given)["executionArn"])


def wait(machine: Any, sending: Sending, timeout_seconds: float) -> dict:
    """The execution once it has ended; PipelineError when time runs out."""
    ended = ended_execution(machine, sending.arn, timeout_seconds)
    if ended is None:
        raise PipelineError(
            f"batch {sending.batch_id} is not published after {timeout_seconds:g} s, and still under way. "
            "`etl status` shows when it is; `etl logs publisher` what it does."
        )
    return ended


def outcome(batch: BatchRecord, execution: dict) -> dict:
    """What the ledger says of the batch now, and why the execution failed, if it did."""
    return {
        "batch_id": batch.batch_id,
        "status": batch.status,
        "rows": batch.rows,
        "published": batch.published,
        "publish_failures": batch.publish_failures,
        "error": None if execution["status"] == "SUCCEEDED" else failure_in_words(execution),
    }


def is_sound(outcomes: Iterable[dict]) -> bool:
    return not any(o["error"] or o["publish_failures"] for o in outcomes)


def in_words(outcomes: list[dict]) -> str:
    """A line a batch."""
    return "\n".join(map(_in_words, outcomes)) or "Nothing to send: every committed batch is published."


def _in_words(told: dict) -> str:
    failures = told["publish_failures"]
    left = f", {failures:,} cannot be sent (`etl logs publisher` says why)" if failures else ""
    return told["error"] or f"batch {told['batch_id']}: {told['published']:,} of {told['rows']:,} rows published{left}"
