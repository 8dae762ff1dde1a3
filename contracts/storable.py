"""Refuses a contract whose data the tables could not hold, or whose rules nothing would honour.

Plain Python, so that every function can afford it; what only the validator's engine knows is in `engine.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from contracts.enriched import check_enriched
from contracts.errors import ContractError
from contracts.event_time import check_event_time
from contracts.flat import flat_columns
from contracts.keywords import BY_TYPE, WAYS_OUT, allowed
from contracts.masks import stored_document
from contracts.reserved import COMMON_COLUMNS, ENRICHMENT_COLUMNS, TABLES, view_name
from contracts.types import Struct, type_of

FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
# What the Glue Catalog takes as the name of a column.
MOST_COLUMN_NAME_CHARACTERS = 255
BOUNDS = (("minLength", "maxLength"), ("minItems", "maxItems"), ("minimum", "maximum"))


def check_storable(document: dict, event_type: str) -> Struct:
    """The type of `data`; ContractError names the first place that cannot be stored, and the way out."""
    _check_event_type(event_type)
    _check_node(document, event_type, is_top=True)
    check_event_time(document.get("x-event-time", {}), event_type)
    data_type = type_of(document, event_type)
    assert isinstance(data_type, Struct)
    check_enriched(stored_document(document, event_type), event_type)
    _check_view_columns(event_type, data_type)
    return data_type


def _check_event_type(event_type: str) -> None:
    if event_type in (*COMMON_COLUMNS, *ENRICHMENT_COLUMNS):
        raise ContractError(f"event type {event_type!r} has the name of a common column. Rename the event type.")
    if view_name(event_type) in TABLES:
        raise ContractError(
            f"event type {event_type!r} would have the view {view_name(event_type)}, which is a table already. "
            "Rename the event type."
        )


def _check_node(node: object, path: str, is_top: bool = False) -> None:
    if not isinstance(node, dict):
        raise ContractError(f"{path}: the schema is {node!r}; expected an object with a type. Describe the field.")
    kind = _kind(node, path)
    _check_keywords(node, path, kind, is_top)
    _check_bounds(node, path)
    if kind == "object":
        _check_object(node, path)
    elif kind == "array" and "items" in node:
        _check_node(node["items"], f"{path}[]")


def _kind(node: dict, path: str) -> str:
    """The one type beside null. An unsupported keyword is named first: it is why a type is missing."""
    for keyword in node:
        if keyword in WAYS_OUT:
            raise ContractError(f"{path}: {keyword} is not supported: no column could follow it. {WAYS_OUT[keyword]}")
    found = node.get("type")
    kinds = found if isinstance(found, list) else [found]
    named = [kind for kind in kinds if kind != "null"]
    if len(named) != 1 or len(kinds) > 2 or not isinstance(named[0], str) or named[0] not in BY_TYPE:
        raise ContractError(
            f"{path}: type is {found!r}; expected one of {sorted(BY_TYPE)}, optionally with 'null'. "
            "Give the field exactly one type."
        )
    return named[0]


def _check_keywords(node: dict, path: str, kind: str, is_top: bool) -> None:
    rules = allowed(kind, is_top)
    for keyword, value in node.items():
        if keyword not in rules:
            raise ContractError(
                f"{path}: {keyword} is not supported on {'data' if is_top else f'type {kind}'}; expected some of "
                f"{', '.join(sorted(rules))}. Remove it."
            )
        if not rules[keyword].is_met(value):
            raise ContractError(f"{path}: {keyword} is {value!r}; expected {rules[keyword].expected}. Mend it.")


def _check_bounds(node: dict, path: str) -> None:
    for low, high in BOUNDS:
        if low in node and high in node and node[low] > node[high]:
            raise ContractError(
                f"{path}: {low} is {node[low]} and {high} is {node[high]}; expected {low} up to {high}. "
                "Mend one of them: no value keeps both."
            )
    if "x-decimal" in node and "multipleOf" in node:
        raise ContractError(
            f"{path}: multipleOf is {node['multipleOf']} beside x-decimal, whose scale says the same. "
            "Remove multipleOf."
        )
    if "x-pii" in node and node.get("format") in ("date", "date-time"):
        raise ContractError(
            f"{path}: x-pii is {node['x-pii']!r} on a {node['format']}; expected it on text only, since a mask is "
            "text. Remove x-pii, or the format."
        )


def _check_object(node: dict, path: str) -> None:
    if node.get("additionalProperties") is not False:
        raise ContractError(
            f"{path}: additionalProperties is missing; expected false, since a field that no column holds would be "
            'lost. Add "additionalProperties": false.'
        )
    fields = node.get("properties", {})
    _check_names(list(fields), path)
    unknown = [name for name in node.get("required", []) if name not in fields]
    if unknown:
        raise ContractError(
            f"{path}: required names {unknown}; expected fields of properties. Describe them there, or leave them out."
        )
    for name, child in fields.items():
        _check_node(child, f"{path}.{name}")


def _check_names(names: list[str], path: str) -> None:
    for name in names:
        if not FIELD_NAME.fullmatch(name):
            raise ContractError(
                f"{path}: field {name!r} is no name for a column; expected letters, digits and underscores, no digit "
                "first, 128 characters at most. Rename it."
            )
    for same in _grouped((name.lower(), name) for name in names):
        raise ContractError(
            f"{path}: two fields differ only in case, which Athena cannot tell apart: {sorted(same)}. Rename one."
        )


def _check_view_columns(event_type: str, data_type: Struct) -> None:
    columns = flat_columns(event_type, data_type)
    for same in _grouped((c.name.lower(), ".".join(c.path)) for c in columns):
        raise ContractError(
            f"{event_type}: fields {' and '.join(same)} would be one column of the view {view_name(event_type)}, which "
            "joins names with an underscore. Rename one."
        )
    for column in columns:
        if len(column.name) > MOST_COLUMN_NAME_CHARACTERS:
            raise ContractError(
                f"{event_type}.{'.'.join(column.path)}: as a column of the view {view_name(event_type)} it has a name "
                f"of {len(column.name)} characters; expected {MOST_COLUMN_NAME_CHARACTERS} at most. Shorten a name."
            )


def _grouped(named: Iterator[tuple[str, str]]) -> list[list[str]]:
    """Those that share a key with another."""
    groups = defaultdict(list)
    for key, value in named:
        groups[key].append(value)
    return [group for group in groups.values() if len(group) > 1]
