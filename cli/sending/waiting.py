"""Wait until everything that was sent is accounted for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.connection import Stage
from cli.sending.accounting import PUBLISHED, Account
from contracts.errors import PipelineError
from lake import documents, layout
from lake.ledger import VISIBLE, BatchRecord, IngestionReceipt, from_document

SHORTEST_PAUSE_SECONDS = 0.3
EXECUTION_CHECK_SECONDS = 2.0
# Kinesis' clock may be behind ours, and a delivery may have begun before we sent.
CLOCK_MARGIN = timedelta(minutes=5)
ENDED_BADLY = ("FAILED", "TIMED_OUT", "ABORTED")

Told = Callable[[str], None]
Shown = Callable[[Account], None]


class LedgerReader:
    """Reads what is new in the ledger: each receipt once and only if it matters, a batch's record when it changed."""

    def __init__(self, stage: Stage, since: datetime) -> None:
        self._s3, self._bucket = stage.s3, stage.bucket("processed")
        self._stream = stage.handed_over("ingest-stream-name")
        self._since = since - CLOCK_MARGIN
        self._seen: set[str] = set()
        self._records: dict[str, tuple[str, BatchRecord]] = {}

    def update(self, account: Account) -> None:
        """Bring the account up to what the ledger says now."""
        for key in self._listed(layout.receipts_prefix):
            if key["Key"] not in self._seen:
                self._seen.add(key["Key"])
                self._read_receipt(account, key["Key"])
        account.batches = [self._batch(found) for found in self._listed(layout.batch_records_prefix)]

    def _read_receipt(self, account: Account, key: str) -> None:
        place, first, last = layout.receipt_span(key)
        if account.concerns(place.removeprefix(f"{self._stream}-"), int(first), int(last)):
            document = documents.read_json(self._s3, self._bucket, key)
            account.add_receipt(from_document(IngestionReceipt, document))

    def _batch(self, found: dict) -> BatchRecord:
        key, version = found["Key"], found["ETag"]
        if self._records.get(key, ("", None))[0] != version:
            document = documents.read_json(self._s3, self._bucket, key)
            self._records[key] = version, from_document(BatchRecord, document)
        return self._records[key][1]

    def _listed(self, prefix: Callable[[str], str]) -> Iterator[dict]:
        for date in dates_since(self._since, datetime.now(UTC)):
            yield from documents.keys_below(self._s3, self._bucket, prefix(date))


class FailureWatch:
    """Tells of each execution that ended badly, once."""

    def __init__(self, stage: Stage, since: datetime, told: Told) -> None:
        self._client, self._arn = stage.client("stepfunctions"), stage.handed_over("state-machine-arn")
        self._since, self._told = since, told
        self._seen: set[str] = set()
        self._next_check = 0.0

    def check(self) -> None:
        """Look for new failures, every few seconds at most."""
        if time.monotonic() < self._next_check:
            return
        self._next_check = time.monotonic() + EXECUTION_CHECK_SECONDS
        for status in ENDED_BADLY:
            for execution in self._recent(status):
                self._tell(execution)

    def _recent(self, status: str) -> list[dict]:
        found = self._client.list_executions(stateMachineArn=self._arn, statusFilter=status)
        return [e for e in found["executions"] if e["startDate"] >= self._since]

    def _tell(self, execution: dict) -> None:
        if execution["executionArn"] not in self._seen:
            self._seen.add(execution["executionArn"])
            described = self._client.describe_execution(executionArn=execution["executionArn"])
            self._told(failure_in_words(described))


def ended_execution(machine: Any, arn: str, timeout_seconds: float) -> dict | None:
    """The execution once it has ended; None when time runs out."""
    last: dict = {}

    def look() -> bool:
        last.update(machine.describe_execution(executionArn=arn))
        return last["status"] != "RUNNING"

    return last if poll(look, timeout_seconds, time.monotonic, time.sleep) else None


def end_in_words(execution: dict, longest_cause: int | None = None) -> str:
    """How an execution ended badly, and why."""
    cause, error = " ".join(execution.get("cause", "no cause given").split()), execution.get("error", "no error given")
    return f"{execution['status'].lower()}: {error}: {cause[:longest_cause]}"


def failure_in_words(execution: dict) -> str:
    """One line on a batch's execution that ended badly, and what to do."""
    again = "reconciliation runs it again; `etl reconcile` does so at once"
    waiting = f"it waits for a decision: `etl quarantine show {execution['name']}`"
    next_step = waiting if execution.get("error") == "Quarantined" else again
    return f"batch {execution['name']} {end_in_words(execution, 500)} ({next_step})"


def dates_since(since: datetime, now: datetime) -> list[str]:
    """UTC dates from one time to another, both included."""
    days = (now.date() - since.date()).days
    return [(since.date() + timedelta(days=day)).isoformat() for day in range(days + 1)]


def wait_until_published(
    stage: Stage, sequences: dict[str, list[int]], since: datetime, timeout_seconds: float, shown: Shown, told: Told
) -> Account:
    """The account of the sent records once all are published or in quarantine; PipelineError when time runs out."""
    account, reader, failures = Account(sequences), LedgerReader(stage, since), FailureWatch(stage, since, told)

    def look() -> bool:
        reader.update(account)
        shown(account)
        if account.is_settled:
            return True
        failures.check()
        return False

    if not poll(look, timeout_seconds, time.monotonic, time.sleep):
        raise PipelineError(f"not done after {timeout_seconds:g} s: {account.missing()}")
    return account


def poll(look: Callable[[], bool], timeout_seconds: float, clock: Callable[[], float], sleep: Any) -> bool:
    """Look until it is so or time is out; a look that takes long is followed by as long a pause."""
    deadline = clock() + timeout_seconds
    while True:
        began = clock()
        if look():
            return True
        pause = max(SHORTEST_PAUSE_SECONDS, clock() - began)
        if clock() + pause > deadline:
            return False
        sleep(pause)


def phases(account: Account) -> dict[str, int]:
    """How many of the sent records came how far."""
    return {"read": account.read, "committed": account.done(VISIBLE), "published": account.done(PUBLISHED)}
