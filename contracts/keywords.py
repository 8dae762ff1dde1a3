"""The keywords a contract may use, by type: those that storage, validator and the transform honour alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

SCHEMA = "https://json-schema.org/draft/2020-12/schema"
# Of those JSON Schema names, the ones that the validator checks: another would be passed over in silence.
FORMATS = (
    *("date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
    *("uri", "uri-reference", "uri-template", "iri", "iri-reference", "uuid", "json-pointer", "regex"),
)
MASKS = ("drop", "hash", "truncate_ip")
REFERENCE_TABLES = ("customers", "products")
CHANNEL_PARTS = ("source", "medium", "referrer", "page")


@dataclass(frozen=True)
class Rule:
    """What the value of a keyword must be."""

    is_met: Callable[[object], bool]
    expected: str


def is_whole(value: object) -> bool:
    """An integer as JSON writes it; True and 1.0 are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """A finite number."""
    return is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_decimal(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"precision", "scale"} and all(map(is_whole, value.values()))


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(n, str) for n in value) and len(set(value)) == len(value)


def _one_of(values: tuple[str, ...]) -> Rule:
    return Rule(lambda value: isinstance(value, str) and value in values, f"one of {', '.join(values)}")


TEXT = Rule(_is_text, "a text that is not empty")
PROSE = Rule(lambda value: isinstance(value, str), "a text")
ANYTHING = Rule(lambda value: True, "any value")
BOOLEAN = Rule(lambda value: isinstance(value, bool), "true or false")
COUNT = Rule(lambda value: is_whole(value) and value >= 0, "an integer of 0 or more")
WHOLE = Rule(is_whole, "an integer, written without a point")
NUMBER = Rule(is_number, "a number")
VALUES = Rule(lambda value: isinstance(value, list) and bool(value), "a list that is not empty")
SCHEMA_NODE = Rule(lambda value: isinstance(value, dict), "a JSON Schema object")
FIELDS = Rule(
    lambda value: isinstance(value, dict) and bool(value), "at least one field; Parquet cannot store an empty struct"
)

EVERYWHERE = {
    "type": ANYTHING,
    "title": PROSE,
    "description": PROSE,
    "$comment": PROSE,
    "deprecated": BOOLEAN,
    "examples": VALUES,
    "default": ANYTHING,
    "enum": VALUES,
    "const": ANYTHING,
}
TOP = {
    "$schema": Rule(lambda value: value == SCHEMA, f"{SCHEMA!r}"),
    "$id": TEXT,
    "x-event-time": ANYTHING,
    "x-publish": BOOLEAN,
}
BY_TYPE = {
    "string": {
        "minLength": COUNT,
        "maxLength": COUNT,
        "pattern": TEXT,
        "format": _one_of(FORMATS),
        "x-pii": _one_of(MASKS),
        "x-reference": _one_of(REFERENCE_TABLES),
        "x-channel": _one_of(CHANNEL_PARTS),
        "x-user-agent": Rule(lambda value: value is True, "true"),
    },
    "integer": {
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), WHOLE),
        "multipleOf": Rule(lambda value: is_whole(value) and value > 0, "an integer above 0"),
        "x-unit": TEXT,
    },
    "number": {
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBER),
        "multipleOf": Rule(lambda value: is_number(value) and value > 0, "a number above 0"),
        "x-decimal": Rule(_is_decimal, "precision and scale, two integers and nothing else"),
        "x-currency": TEXT,
        "x-unit": TEXT,
    },
    "boolean": {},
    "array": {"items": SCHEMA_NODE, "minItems": COUNT, "maxItems": COUNT, "uniqueItems": BOOLEAN},
    "object": {
        "properties": FIELDS,
        "required": Rule(_are_names, "a list of field names, each once"),
        "additionalProperties": Rule(lambda value: value is False, "false"),
    },
}

_WRITE_OUT = "Write the schema out where it is used."
_ONE_TYPE = "Give the field one type; alternatives are optional fields of their own, or event types of their own."
_NAME_FIELDS = "Name each field in properties, or send an array of objects with a key and a value."
_SEVERAL_FIELDS = "Rules over several fields belong into the transform; remove it."
WAYS_OUT = {
    **dict.fromkeys(("$ref", "$defs", "$anchor", "$dynamicRef", "$dynamicAnchor", "definitions"), _WRITE_OUT),
    **dict.fromkeys(("oneOf", "anyOf", "allOf", "not"), _ONE_TYPE),
    **dict.fromkeys(("if", "then", "else", "dependentRequired", "dependentSchemas"), _SEVERAL_FIELDS),
    **dict.fromkeys(("patternProperties", "propertyNames", "unevaluatedProperties"), _NAME_FIELDS),
    "prefixItems": "Send an object with a name for each position.",
}


def allowed(kind: str, is_top: bool) -> dict[str, Rule]:
    """The keywords that a node of this type may have."""
    return EVERYWHERE | BY_TYPE[kind] | (TOP if is_top else {})
