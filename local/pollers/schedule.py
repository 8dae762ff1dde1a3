"""A schedule of EventBridge Scheduler: waits until it is due, calls its target, retries, gives up."""

import json
import logging
import threading
import time
import uuid
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from local.front import Front
from local.pollers.api_call import make_call
from local.pollers.batches import backoff_seconds
from local.pollers.schedule_expression import next_due
from local.pollers.schedule_target import check_target, target_call, with_context
from local.pollers.settings import refuse_unknown
from local.pollers.worker import Worker

log = logging.getLogger(__name__)

KNOWN = {
    "Arn", "Name", "GroupName", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "State",
    "FlexibleTimeWindow", "Target", "CreationDate", "LastModificationDate", "KmsKeyArn", "ResponseMetadata",
    "ActionAfterCompletion", "StartDate", "EndDate",
}  # fmt: skip
LONGEST_PAUSE = 1.0
DEFAULT_RETRIES, DEFAULT_AGE_SECONDS = 185, 86_400


def may_retry(policy: dict, retries: int, age_seconds: float) -> bool:
    """Whether another attempt is allowed after `retries` of them, `age_seconds` after it was due. Pure."""
    most = policy.get("MaximumRetryAttempts", DEFAULT_RETRIES)
    oldest = policy.get("MaximumEventAgeInSeconds", DEFAULT_AGE_SECONDS)
    return retries < most and age_seconds < oldest


class Schedule:
    """Runs one schedule until stopped. A flexible window starts at its beginning."""

    def __init__(self, front: Front, schedule: dict):
        self._front, self._schedule = front, schedule
        self._owner, self._target = f"schedule {schedule['Name']}", schedule["Target"]
        refuse_unknown(self._owner, schedule, KNOWN)
        check_target(self._owner, self._target)
        self._started = max(_utc(schedule["CreationDate"]), _utc(schedule.get("StartDate")))
        # Counted from the last change, not from now: what fell due before it was seen still fires.
        self._due = self._next_due(max(self._started, _utc(schedule.get("LastModificationDate"))))
        self._stopped = threading.Event()
        self._worker = Worker(self._owner, self._step, self._stopped)

    def stop(self) -> None:
        """Fire no more."""
        self._worker.stop()

    def _step(self) -> float | None:
        if self._due is None:
            return None
        seconds = (self._due - datetime.now(UTC)).total_seconds()
        if seconds > 0:
            return min(seconds, LONGEST_PAUSE)
        due, self._due = self._due, self._next_due(max(self._due, datetime.now(UTC)))
        self._fire(due)
        return 0

    def _next_due(self, after: datetime) -> datetime | None:
        due = next_due(
            self._schedule["ScheduleExpression"],
            self._schedule.get("ScheduleExpressionTimezone") or "UTC",
            self._started,
            after,
        )
        end = self._schedule.get("EndDate")
        return None if due and end and due > _utc(end) else due

    def _fire(self, due: datetime) -> None:
        execution_id, retries, policy = str(uuid.uuid4()), 0, self._target.get("RetryPolicy") or {}
        while not self._stopped.is_set():
            context = self._context(due, execution_id, retries + 1)
            error = self._attempt(context)
            if error is None:
                return
            if not may_retry(policy, retries, time.time() - due.timestamp()):
                self._give_up(context, error, retries)
                return
            retries += 1
            self._stopped.wait(backoff_seconds(retries))

    def _attempt(self, context: dict[str, str]) -> Exception | None:
        try:
            make_call(self._front, target_call(self._owner, self._target, context))
        except (ClientError, BotoCoreError) as error:
            log.warning("%s: attempt %s failed: %s", self._owner, context["attempt-number"], error)
            return error
        return None

    def _context(self, due: datetime, execution_id: str, attempt: int) -> dict[str, str]:
        return {
            "schedule-arn": self._schedule["Arn"],
            "scheduled-time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "execution-id": execution_id,
            "attempt-number": str(attempt),
        }

    def _give_up(self, context: dict, error: Exception, retries: int) -> None:
        log.error("%s: given up after %d retries: %s", self._owner, retries, error)
        arn = (self._target.get("DeadLetterConfig") or {}).get("Arn")
        if not arn:
            return
        sqs = self._front.client("sqs")
        url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"]
        body = with_context(self._target.get("Input") or "{}", context)
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=self._attributes(error, retries))

    def _attributes(self, error: Exception, retries: int) -> dict[str, dict[str, str]]:
        """What AWS says about an undelivered invocation in its dead-letter queue."""
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        values = {
            "ERROR_CODE": code,
            "ERROR_MESSAGE": str(error) or code,
            "TARGET_ARN": self._target["Arn"],
            "SCHEDULE_ARN": self._schedule["Arn"],
            "RETRY_ATTEMPTS": json.dumps(retries),
        }
        return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}


def _utc(time: datetime | None) -> datetime:
    return time.astimezone(UTC) if time else datetime.min.replace(tzinfo=UTC)
