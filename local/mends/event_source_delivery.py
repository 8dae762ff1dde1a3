"""Delivery to Lambda functions by event source mappings.

moto invokes the function itself, inside the call that puts a record or a message, without windows, retries,
bisecting or failure destinations, and by Docker. AWS polls, with the settings of the mapping. Here moto keeps
the mapping, so that it can be listed, and forgets it where records and messages are put: our poller delivers.
"""

from typing import Any

from moto.awslambda.models import EventSourceMapping, LambdaBackend
from moto.kinesis.models import kinesis_backends
from moto.sqs.models import sqs_backends

from local.front import Front

moto_create = LambdaBackend.create_event_source_mapping


def install(front: Front) -> None:
    """Let new mappings be kept but not followed."""
    LambdaBackend.create_event_source_mapping = create


def create(backend: LambdaBackend, spec: dict[str, Any]) -> EventSourceMapping:
    """Keep the mapping, tell neither stream nor queue."""
    mapping = moto_create(backend, spec)
    for source in _sources(mapping):
        source.lambda_event_source_mappings.clear()
    return mapping


def _sources(mapping: EventSourceMapping) -> list[Any]:
    account, region = mapping.account_id, mapping.region
    found = [*kinesis_backends[account][region].streams.values(), *sqs_backends[account][region].queues.values()]
    arn = mapping.event_source_arn
    return [source for source in found if arn in (getattr(source, "arn", ""), getattr(source, "queue_arn", ""))]
