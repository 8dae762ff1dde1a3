"""One shard of one stream mapping: read, gather, invoke, retry, checkpoint."""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from itertools import count
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.front import Front
from local.pollers.batches import backoff_seconds, due_count
from local.pollers.on_failure import LastAnswer, failure_document, send_failure
from local.pollers.stream_failures import (
    AGE_EXCEEDED,
    RETRIES_EXHAUSTED,
    Attempt,
    after_failure,
    first_failed,
    without_expired,
)
from local.pollers.stream_reads import ReadRefused, StreamReader
from local.pollers.stream_records import ShardSource, WaitingRecord, lambda_event, waiting_record
from local.pollers.stream_settings import StreamSettings

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.2
MOST_RECORDS_A_READ = 10_000


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to: the first failed record (None: success), or not even invoked."""

    failed_from: int | None
    answer: LastAnswer
    was_invoked: bool = True


class ShardPoller:
    """Holds at most one batch of records that are read and not yet delivered."""

    def __init__(
        self, front: Front, settings: StreamSettings, source: ShardSource, checkpoints: dict, start: dict,
        stopped: threading.Event,
    ):  # fmt: skip
        self._client, self._settings, self._source, self._stopped = front.client, settings, source, stopped
        self._reader = StreamReader(front.url)
        self._checkpoints, self._key = checkpoints, (settings.uuid, source.shard_id)
        self._start = start
        self._iterator: str | None = None
        self._waiting: list[WaitingRecord] = []
        self._opened_at = 0.0
        self.is_closed = False

    def step(self) -> float | None:
        """Read what fits, deliver what is due; the pause until there may be more, None at a shard's end."""
        read = 0 if self.is_closed else self._read()
        due = due_count(self._sizes(), self._opened_at, time.monotonic(), self._settings.limits)
        due = due or (len(self._waiting) if self.is_closed else 0)
        if due:
            batch, self._waiting = self._waiting[:due], self._waiting[due:]
            self._opened_at = time.monotonic()
            self._deliver_or_keep(batch)
        if self.is_closed and not self._waiting:
            return None
        return 0 if due or read >= MOST_RECORDS_A_READ else IDLE_SECONDS

    def _sizes(self) -> list[int]:
        return [len(record.body) for record in self._waiting]

    def _read(self) -> int:
        room = self._settings.limits.max_count - len(self._waiting)
        if room <= 0:
            return 0
        records = self._get_records(min(room, MOST_RECORDS_A_READ))
        if records and not self._waiting:
            self._opened_at = time.monotonic()
        self._waiting += [waiting_record(record, self._source) for record in records]
        return len(records)

    def _get_records(self, limit: int) -> list[dict]:
        self._iterator = self._iterator or self._new_iterator()
        try:
            answer = self._reader.get_records(self._iterator, limit)
        except ReadRefused:
            self._iterator = None
            raise
        self._iterator = answer.get("NextShardIterator")
        self.is_closed = self._iterator is None
        return answer["Records"]

    def _new_iterator(self) -> str:
        last = self._waiting[-1].sequence if self._waiting else self._checkpoints.get(self._key)
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last} if last else self._start
        answer = self._client("kinesis").get_shard_iterator(
            StreamName=self._source.stream_arn.split("/")[1], ShardId=self._source.shard_id, **where
        )
        return answer["ShardIterator"]

    def _deliver_or_keep(self, batch: list[WaitingRecord]) -> None:
        """An error of our own must not lose records: what was not checkpointed waits again."""
        try:
            self._deliver(batch)
        except Exception:
            done = int(self._checkpoints.get(self._key, -1))
            self._waiting = [record for record in batch if int(record.sequence) > done] + self._waiting
            raise

    def _deliver(self, batch: list[WaitingRecord]) -> None:
        """Until every record has succeeded or was given up; in the order of the shard."""
        attempts, failures = deque([Attempt(batch)]), 0
        answer = LastAnswer()
        while attempts and not self._stopped.is_set():
            expired, attempt = without_expired(attempts.popleft(), time.time(), self._settings.max_age_seconds)
            self._give_up(expired, AGE_EXCEEDED, answer)
            if not attempt.records:
                continue
            outcome = self._invoke(attempt)
            answer = outcome.answer
            failures = 0 if outcome.failed_from is None else failures + 1
            attempts.extendleft(reversed(self._left_to_do(attempt, outcome)))
            if failures:
                self._stopped.wait(backoff_seconds(failures))

    def _left_to_do(self, attempt: Attempt, outcome: Outcome) -> list[Attempt]:
        if outcome.failed_from is None:
            self._checkpoint(attempt.records)
            return []
        if not outcome.was_invoked:
            return [attempt]
        self._checkpoint(attempt.records[: outcome.failed_from])
        steps = after_failure(attempt, outcome.failed_from, self._settings)
        if steps.given_up:
            self._give_up(steps.given_up, RETRIES_EXHAUSTED, outcome.answer)
        return steps.attempts

    def _invoke(self, attempt: Attempt) -> Outcome:
        payload = lambda_event(attempt.records)
        try:
            answer = self._client("lambda").invoke(FunctionName=self._settings.function_arn, Payload=payload)
        except (ClientError, BotoCoreError) as error:
            log.warning("%s: cannot invoke %s: %s", self._key, self._settings.function_arn, error)
            return Outcome(0, LastAnswer(), was_invoked=False)
        return self._outcome(answer, answer["Payload"].read(), attempt)

    def _outcome(self, answer: dict[str, Any], payload: bytes, attempt: Attempt) -> Outcome:
        last = LastAnswer(
            answer["ResponseMetadata"].get("RequestId", ""),
            answer.get("ExecutedVersion", "$LATEST"),
            answer.get("FunctionError"),
        )
        if last.function_error:
            log.warning("%s: %d records failed: %s", self._key, len(attempt.records), payload[:500])
            return Outcome(0, last)
        if not self._settings.reports_item_failures:
            return Outcome(None, last)
        return Outcome(first_failed(payload, attempt.records), last)

    def _give_up(self, attempt: Attempt, condition: str, answer: LastAnswer) -> None:
        if not attempt.records:
            return
        document = failure_document(attempt, condition, answer, self._settings, self._source, time.time())
        log.warning("%s: %s: %s", self._key, condition, document["KinesisBatchInfo"])
        if self._settings.on_failure_arn:
            self._send_failure(document, attempt)
        self._checkpoint(attempt.records)

    def _send_failure(self, document: dict, attempt: Attempt) -> None:
        """Tried again until it is stored: locally a lost record is worse than a blocked shard."""
        for failures in count(1):
            try:
                arn = self._settings.on_failure_arn
                return send_failure(self._client, arn, document, attempt, self._settings.uuid)
            except (ClientError, BotoCoreError) as error:
                log.error("%s: on-failure destination %s: %s", self._key, self._settings.on_failure_arn, error)
            if self._stopped.wait(backoff_seconds(failures)):
                raise InterruptedError(f"{self._key}: stopped before its failed records were stored")
        return None

    def _checkpoint(self, records: list[WaitingRecord]) -> None:
        if records:
            self._checkpoints[self._key] = records[-1].sequence
