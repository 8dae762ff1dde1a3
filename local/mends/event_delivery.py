"""Delivery of EventBridge rules to their targets.

moto knows queues, log groups and buses only and raises at any other target, takes no notice of Input, InputPath
and disabled rules, and never uses a target's dead-letter queue. AWS delivers apart from the call that made the event,
to each target what its input settings say, and to the dead-letter queue what could not be delivered.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import copy
import json
import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from moto.events.models import Rule

from local.front import Front
from local.mends.event_input import target_input

log = logging.getLogger(__name__)
moto_send_to_targets = Rule.send_to_targets


def install(front: Front) -> None:
    """Deliver over the public API, on threads of our own."""
    delivery = Delivery(front)
    Rule.send_to_targets = lambda rule, event, transform_input=True: delivery.send(rule, event)


class Delivery:
    """Sends events to the targets of rules."""

    def __init__(self, front: Front):
        self._front = front
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="event-delivery")
        self._deliverers = {
            "sqs": self._to_queue,
            "sns": self._to_topic,
            "lambda": self._to_function,
            "states": self._to_state_machine,
            "kinesis": self._to_stream,
            "logs": self._to_log_group,
        }

    def send(self, rule: Rule, event: dict[str, Any]) -> None:
        """Deliver an event to every target of a rule that it matches."""
        if rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):
            return
        ours = [target for target in rule.targets if target["Arn"].split(":")[2] != "events"]
        if len(ours) < len(rule.targets):
            _leave_to_moto(rule, event)
        for target in ours:
            self._threads.submit(self._deliver, rule.arn, target, with_time_as_text(event))

    def _deliver(self, rule: str, target: dict[str, Any], event: dict[str, Any]) -> None:
        try:
            service = target["Arn"].split(":")[2]
            self._deliverers[service](target, target_input(target, event))
        except Exception as error:
            log.warning("%s could not deliver to %s: %s", rule, target["Arn"], error)
            self._to_dead_letters(rule, target, event, error)

    def _to_queue(self, target: dict[str, Any], body: str) -> None:
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        options = {"MessageGroupId": group, "MessageDeduplicationId": str(uuid.uuid4())} if group else {}
        self._front.client("sqs").send_message(QueueUrl=self._queue_url(target["Arn"]), MessageBody=body, **options)

    def _to_topic(self, target: dict[str, Any], body: str) -> None:
        self._front.client("sns").publish(TopicArn=target["Arn"], Message=body)

    def _to_function(self, target: dict[str, Any], body: str) -> None:
        client = self._front.client("lambda")
        client.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=body)

    def _to_state_machine(self, target: dict[str, Any], body: str) -> None:
        client = self._front.client("stepfunctions")
        client.start_execution(stateMachineArn=target["Arn"], name=str(uuid.uuid4()), input=body)

    def _to_stream(self, target: dict[str, Any], body: str) -> None:
        key = str(uuid.uuid4())
        self._front.client("kinesis").put_record(StreamARN=target["Arn"], Data=body.encode(), PartitionKey=key)

    def _to_log_group(self, target: dict[str, Any], body: str) -> None:
        logs, group = self._front.client("logs"), target["Arn"].split(":log-group:")[1].removesuffix(":*")
        stream, event = str(uuid.uuid4()), {"timestamp": int(time.time() * 1000), "message": body}
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])

    def _to_dead_letters(self, rule: str, target: dict[str, Any], event: dict[str, Any], error: Exception) -> None:
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if not queue:
            return
        told = {"RULE_ARN": rule, "TARGET_ARN": target["Arn"], "ERROR_CODE": "UNKNOWN", "ERROR_MESSAGE": str(error)}
        self._front.client("sqs").send_message(
            QueueUrl=self._queue_url(queue),
            MessageBody=json.dumps(event),
            MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in told.items()},
        )

    def _queue_url(self, arn: str) -> str:
        return self._front.client("sqs").get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"]


def _leave_to_moto(rule: Rule, event: dict[str, Any]) -> None:
    """Other buses and archives are moto's own matter."""
    inside = copy.copy(rule)
    inside.targets = [target for target in rule.targets if target["Arn"].split(":")[2] == "events"]
    moto_send_to_targets(inside, event)


def with_time_as_text(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its time as EventBridge writes it; moto's own events carry seconds."""
    if not isinstance(event.get("time"), int | float):
        return event
    return {**event, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["time"]))}
