"""Contract validation of event data, compiled once per contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jsonschema_rs

from contracts.types import EXACT_DIGITS


@dataclass(frozen=True)
class Violation:
    """The first thing in `data` that breaks the contract."""

    path: str
    found: str
    expected: str


class DataValidator:
    """Checks the `data` of one event type; `document` is its contract as written."""

    def __init__(self, document: dict) -> None:
        schema = with_storage_bounds(document)
        self._validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, mask="the value")

    def violation(self, data: object) -> Violation | None:
        """What breaks the contract, or None."""
        if self._validator.is_valid(data):
            return None
        error = next(iter(self._validator.iter_errors(data)))
        path = ".".join(["data", *(str(step) for step in error.instance_path)])
        return Violation(
            path,
            shown(error.instance),
            f"{error.message} (contract rule {'/'.join(map(str, error.schema_path))})",
        )


def is_valid_by(schema: dict) -> Callable[[object], bool]:
    """Whether a value is what one node of a contract says."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid


def with_storage_bounds(node: object) -> object:
    """The schema with the bounds of `x-decimal` spelled out as JSON Schema."""
    if isinstance(node, list):
        return [with_storage_bounds(child) for child in node]
    if not isinstance(node, dict):
        return node
    bounded = {key: with_storage_bounds(child) for key, child in node.items()}
    if "x-decimal" in node:
        precision, scale = node["x-decimal"]["precision"], node["x-decimal"]["scale"]
        limit = 10 ** (min(precision, EXACT_DIGITS) - scale)
        bounded["multipleOf"] = 10**-scale
        bounded["exclusiveMaximum"] = min(limit, node.get("exclusiveMaximum", limit))
        bounded["exclusiveMinimum"] = max(-limit, node.get("exclusiveMinimum", -limit))
    return bounded


def shown(value: object) -> str:
    """Type and size of a value, never the value itself: rejects travel further than the data they hold."""
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    if isinstance(value, list | dict):
        return f"{'an array' if isinstance(value, list) else 'an object'} of {len(value)} members"
    return {"NoneType": "null", "bool": "a boolean", "int": "an integer", "float": "a number"}.get(
        type(value).__name__, type(value).__name__
    )
