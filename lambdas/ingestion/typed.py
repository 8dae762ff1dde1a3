"""The quick way in: events that msgspec types by their contract in one pass, as most events are.

What is accepted here, the rules of `envelope` and `contracts.validator` accept too; what is not, they judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from contracts.contract import Contract
from contracts.types import Decimal, Scalar, type_of
from contracts.validator import is_valid_by, with_storage_bounds
from lambdas.ingestion.storable import READERS

# Values that repeat, such as currencies, are judged once.
VALUES_REMEMBERED = 4096
ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "title", "description", "default", "examples"})
LIMITS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minimum": "ge",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "exclusiveMaximum": "lt",
}
# What a msgspec type says of a node.
SAID = frozenset({"type", "properties", "required", "additionalProperties", "items", *LIMITS})
# Attributes that many producers send; an event with others takes the long way.
OPTIONAL_ATTRIBUTES = ("subject", "datacontenttype", "dataschema", "traceparent", "tracestate", "partitionkey")

# Brings a value into the form that is stored; Unsound or Refused where it breaks a rule that the type does not say.
Settle = Callable[[Any], Any]


class Unsound(Exception):
    """A value breaks its contract, or may do so; the long way says which it is."""


class Untypable(Exception):
    """A contract says of an object or array what no type can say; its events take the long way."""


def event_decoder(contracts: Iterable[Contract]) -> tuple[msgspec.json.Decoder, dict[str, Settle | None]]:
    """A decoder of CloudEvents whose `data` is typed by its contract, and by event type what settles that data."""
    types, settles = [], {}
    for contract in contracts:
        try:
            data, settle = _typed(with_storage_bounds(contract.document))
        except Untypable:
            continue
        types.append(_event(contract.event_type, data))
        settles[contract.event_type] = settle
    return msgspec.json.Decoder(_union(types)), settles


def _event(event_type: str, data: type) -> type[Struct]:
    text = Annotated[str, Meta(min_length=1)]
    required = [("specversion", Literal["1.0"]), ("id", text), ("source", text), ("time", text)]
    optional = [(name, text | None, None) for name in OPTIONAL_ATTRIBUTES]
    # Unset once it is settled, so that what is left are the attributes.
    fields = [*required, *optional, ("data", data | UnsetType)]
    options = {"forbid_unknown_fields": True, "omit_defaults": True, "kw_only": True, "gc": False}
    return msgspec.defstruct(event_type, fields, tag_field="type", tag=event_type, **options)


def _union(types: list[type]) -> Any:
    union = types[0] if types else Struct
    for one in types[1:]:
        union |= one
    return union


def _typed(node: dict) -> tuple[Any, Settle | None]:
    """The type of a schema node, and what settles a value of it where the type does not say it all."""
    kinds = set(node["type"] if isinstance(node["type"], list) else [node["type"]])
    (kind,) = kinds - {"null"}
    typed, settle = TYPES.get(kind, _leaf)(node, kind)
    return (typed | None if "null" in kinds else typed), settle


def _struct(node: dict, _: str) -> tuple[type[Struct], Settle | None]:
    _require_all_said(node)
    if node.get("additionalProperties") is not False:
        raise Untypable("an object with members that its contract does not name")
    fields, names, settles, required = [], {}, [], node.get("required", ())
    for number, (name, member) in enumerate(node["properties"].items()):
        # Any text may name a member in JSON, not so in Python.
        attribute = f"f{number}"
        typed, settle = _typed(member)
        names[attribute] = name
        fields.append((attribute, typed) if name in required else (attribute, typed | UnsetType, UNSET))
        if settle:
            settles.append((attribute, settle))
    struct = msgspec.defstruct("data", fields, rename=names, forbid_unknown_fields=True, kw_only=True, gc=False)
    return struct, _settled_members(settles) if settles else None


def _settled_members(settles: list[tuple[str, Settle]]) -> Settle:
    def settle(value: Struct) -> Struct:
        for attribute, settle_member in settles:
            member = getattr(value, attribute)
            if member is not None and member is not UNSET:
                settled = settle_member(member)
                if settled is not member:
                    setattr(value, attribute, settled)
        return value

    return settle


def _array(node: dict, _: str) -> tuple[Any, Settle | None]:
    _require_all_said(node)
    typed, settle = _typed(node["items"])
    return Annotated[list[typed], _limits(node)], _settled_elements(settle) if settle else None


def _settled_elements(settle_element: Settle) -> Settle:
    def settle(values: list) -> list:
        for number, value in enumerate(values):
            if value is not None:
                settled = settle_element(value)
                if settled is not value:
                    values[number] = settled
        return values

    return settle


def _require_all_said(node: dict) -> None:
    if left := _unsaid(node):
        raise Untypable(f"{sorted(left)} of an object or array")


def _leaf(node: dict, kind: str) -> tuple[Any, Settle | None]:
    scalar = {"string": str, "integer": int, "number": float, "boolean": bool}[kind]
    limits, stored = _limits(node), type_of(node, "")
    if isinstance(stored, Decimal):
        return Annotated[scalar, limits], _exact_digits(stored.scale)
    settles = [_judged_by(node)] if _unsaid(node) else []
    if stored in (Scalar("timestamp"), Scalar("date")):
        settles.append(lambda value: READERS[stored.name](value, ""))
    return Annotated[scalar, limits], _chained(settles)


def _unsaid(node: dict) -> set[str]:
    return {keyword for keyword in node if not keyword.startswith("x-")} - SAID - ANNOTATIONS


def _exact_digits(scale: int) -> Settle:
    """A double that a decimal of so many digits behind the point is nearest to."""
    units = 10**scale

    def settle(value: float) -> float:
        # The contract's bounds keep the product below 2**53, where doubles hold every whole number.
        if round(value * units) / units != value:
            raise Unsound
        return value

    return settle


def _judged_by(node: dict) -> Settle:
    """The validator itself, for one value."""
    is_valid = lru_cache(VALUES_REMEMBERED)(is_valid_by(node))

    def settle(value: Any) -> Any:
        if not is_valid(value):
            raise Unsound
        return value

    return settle


def _chained(settles: list[Settle]) -> Settle | None:
    if len(settles) < 2:
        return settles[0] if settles else None
    first, second = settles
    return lambda value: second(first(value))


def _limits(node: dict) -> Meta:
    limits = {LIMITS[keyword]: node[keyword] for keyword in LIMITS if keyword in node}
    for open_end, closed_end, tighter in (("gt", "ge", max), ("lt", "le", min)):
        # msgspec takes one bound at each end.
        if open_end in limits and closed_end in limits:
            is_open = tighter(limits[open_end], limits[closed_end]) == limits[open_end]
            del limits[closed_end if is_open else open_end]
    return Meta(**limits)


TYPES = {"object": _struct, "array": _array}
