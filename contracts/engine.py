"""Refuses a contract that the validator's engine cannot compile, or whose own values break it."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema_rs

from contracts.errors import ContractError
from contracts.validator import DataValidator


def check_engine(document: dict, event_type: str) -> None:
    """ContractError for what is no JSON Schema, what does not compile, and values against their own schema."""
    for path, node in nodes(document, event_type):
        if "pattern" in node:
            _check_pattern(node, path)
    _check_schema(document, event_type)
    for path, node in nodes(document, event_type):
        _check_own_values(node, path)


def nodes(node: dict, path: str) -> Iterator[tuple[str, dict]]:
    """The schema and each one inside of it, with its path."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]")


def _check_pattern(node: dict, path: str) -> None:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": node["pattern"]})
    except jsonschema_rs.ValidationError as error:
        raise ContractError(
            f"{path}: pattern is {node['pattern']!r}; expected a regular expression of ECMA-262 that the "
            "validator can compile. Mend it."
        ) from error


def _check_schema(document: dict, event_type: str) -> None:
    try:
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema"} | document)
        DataValidator(document)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        found = str(error).splitlines()[0]
        raise ContractError(
            f"{event_type}: not valid JSON Schema 2020-12: {found}. Mend the schema at that place."
        ) from error


def _check_own_values(node: dict, path: str) -> None:
    own = [("const", node["const"])] if "const" in node else []
    own += [("default", node["default"])] if "default" in node else []
    own += [(keyword, value) for keyword in ("enum", "examples") for value in node.get(keyword, [])]
    if not own:
        return
    # The schema of a value stands in for the one of an event, so that both are judged by the same validator.
    wrapped = {"type": "object", "additionalProperties": False, "properties": {"value": node}}
    validator = DataValidator(wrapped)
    for keyword, value in own:
        if violation := validator.violation({"value": value}):
            expected = violation.expected.split(" (contract rule")[0]
            raise ContractError(
                f"{path}: {keyword} holds {value!r}, which breaks the field's own schema: {expected}. Mend one of them."
            )
