"""A pipe that gathers SQS messages and starts one Step Functions execution with them."""

import json
import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from local.front import Front
from local.pollers.batches import due_count
from local.pollers.input_template import parsed_body, render
from local.pollers.pipe_settings import EXECUTION_INPUT_BYTES, PipeSettings, pipe_settings
from local.pollers.worker import Worker

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
MESSAGES_A_CALL = 10


@dataclass(frozen=True)
class GatheredMessage:
    """A message in flight and its part of the execution's input."""

    receipt_handle: str
    body: bytes


def pipe_event(message: dict, queue_arn: str) -> dict:
    """A received message in the shape in which pipes see it. Pure."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": message.get("MessageAttributes", {}),
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def target_input(message: dict, settings: PipeSettings, ingested_at: str) -> bytes:
    """The part of the execution's input that `message` becomes. Pure."""
    event = pipe_event(message, settings.queue_arn)
    if not settings.input_template:
        return json.dumps(event).encode()
    reserved = {
        "aws.pipes.pipe-arn": settings.arn,
        "aws.pipes.pipe-name": settings.name,
        "aws.pipes.source-arn": settings.queue_arn,
        "aws.pipes.target-arn": settings.state_machine_arn,
        "aws.pipes.event.ingestion-time": ingested_at,
    }
    return render(settings.input_template, parsed_body(event), reserved).encode()


class Pipe:
    """Runs one pipe until stopped; messages that were only gathered come again after their time-out."""

    def __init__(self, front: Front, pipe: dict):
        self._client = front.client
        self._settings: PipeSettings = pipe_settings(pipe)
        self._gathered: dict[str, GatheredMessage] = {}
        self._opened_at = 0.0
        self._queue_url = ""
        self._stopped = threading.Event()
        self._worker = Worker(f"pipe {self._settings.name}", self.step, self._stopped)

    def stop(self) -> None:
        """Stop receiving."""
        self._worker.stop()

    def step(self) -> float:
        """Receive once, start an execution if a batch is due; the pause until the next step."""
        received = self._receive()
        sizes = [len(message.body) for message in self._gathered.values()]
        count = due_count(sizes, self._opened_at, time.monotonic(), self._settings.limits)
        if count:
            ids = list(self._gathered)[:count]
            batch = [self._gathered.pop(id) for id in ids]
            self._opened_at = time.monotonic()
            self._start_execution(batch)
        return 0 if count or received == MESSAGES_A_CALL else IDLE_SECONDS

    def _receive(self) -> int:
        room = self._settings.limits.max_count - len(self._gathered)
        answer = self._client("sqs").receive_message(
            QueueUrl=self._url(),
            MaxNumberOfMessages=min(room, MESSAGES_A_CALL),
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if messages and not self._gathered:
            self._opened_at = time.monotonic()
        for message in messages:
            self._gather(message)
        return len(messages)

    def _gather(self, message: dict) -> None:
        """A message that comes again while it is held replaces itself: only its newest receipt deletes it."""
        body = target_input(message, self._settings, datetime.now(UTC).isoformat())
        if len(body) + 2 > EXECUTION_INPUT_BYTES:
            log.error("pipe %s: message %s is too large", self._settings.name, message["MessageId"])
            return
        self._gathered[message["MessageId"]] = GatheredMessage(message["ReceiptHandle"], body)

    def _url(self) -> str:
        if not self._queue_url:
            name = self._settings.queue_arn.rsplit(":", 1)[1]
            self._queue_url = self._client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        return self._queue_url

    def _start_execution(self, batch: list[GatheredMessage]) -> None:
        """A failure leaves the messages in flight: the queue gives them back, or moves them to its DLQ."""
        body = b"[" + b",".join(message.body for message in batch) + b"]"
        try:
            self._client("stepfunctions").start_execution(
                stateMachineArn=self._settings.state_machine_arn, input=body.decode()
            )
        except (ClientError, BotoCoreError) as error:
            log.error("pipe %s: %d messages not delivered: %s", self._settings.name, len(batch), error)
            return
        self._delete(batch)

    def _delete(self, batch: list[GatheredMessage]) -> None:
        entries = [{"Id": str(index), "ReceiptHandle": message.receipt_handle} for index, message in enumerate(batch)]
        for start in range(0, len(entries), MESSAGES_A_CALL):
            answer = self._client("sqs").delete_message_batch(
                QueueUrl=self._url(), Entries=entries[start : start + MESSAGES_A_CALL]
            )
            for failure in answer.get("Failed", []):
                log.error("pipe %s: message not deleted: %s", self._settings.name, failure)
