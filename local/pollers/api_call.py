"""Calls a public API by the names of its own model, whatever the case in which they were written."""

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.front import Front
from local.pollers.schedule_target import TargetCall


def make_call(front: Front, call: TargetCall) -> dict:
    """The answer of the API; ValueError names an unknown operation or parameter."""
    client = front.client(call.service)
    method = next((m for m, op in client.meta.method_to_api_mapping.items() if op == call.operation), None)
    if method is None:
        raise ValueError(f"{call.service} has no operation {call.operation}")
    shape = client.meta.service_model.operation_model(call.operation).input_shape
    return getattr(client, method)(**api_names(shape, call.parameters))


def api_names(shape: Shape, value: Any) -> Any:
    """`value` with the member names of `shape`. Pure."""
    if isinstance(shape, StructureShape):
        members = {name.lower(): name for name in shape.members}
        return {
            _member(shape, members, key): api_names(shape.members[_member(shape, members, key)], item)
            for key, item in value.items()
        }
    if isinstance(shape, ListShape):
        return [api_names(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: api_names(shape.value, item) for key, item in value.items()}
    return value


def _member(shape: StructureShape, members: dict[str, str], key: str) -> str:
    if key.lower() not in members:
        raise ValueError(f"{shape.name} has no {key}; it has {sorted(members.values())}")
    return members[key.lower()]
