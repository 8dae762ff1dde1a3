"""The policy of an SQS queue.

moto forgets the policy when any other attribute of the queue is set. SQS changes only what is given.
"""

from typing import Any

from moto.sqs.models import Queue

from local.front import Front

moto_set = Queue._set_attributes


def install(front: Front) -> None:
    """Keep the policy when it is not among the attributes."""
    Queue._set_attributes = set_attributes


def set_attributes(queue: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
    """Set the given attributes and no other."""
    before = getattr(queue, "_policy_json", None)
    moto_set(queue, attributes, now)
    if "Policy" not in attributes and before:
        queue._policy_json = before
