"""A first contract from sample lines: types, nulls, what is always there, and bounds with room to grow."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from contracts import event_time
from contracts.errors import ContractError
from contracts.keywords import SCHEMA
from contracts.samples import Sample
from contracts.types import EXACT_DIGITS, INT64_MAX, INT64_MIN

DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
SHORTEST_MAX_LENGTH = 16
# Most digits behind the point that look like money; more look like measurements, which are doubles.
MOST_SCALE, DECIMAL_PRECISION = 4, 18
POWERS = (10**3, 10**6, 10**9, 10**12, 10**15)
# So few values, each so often on average, look like all there are.
MOST_ENUM_VALUES, ENUM_REPETITIONS = 12, 10


@dataclass
class Seen:
    """All values of one place in the data, with the lines that they came in."""

    values: list[tuple[int, object]] = field(default_factory=list)

    def kinds(self) -> dict[str, int]:
        """Kind of value -> first line with one."""
        found: dict[str, int] = {}
        for line, value in self.values:
            found.setdefault(kind_of(value), line)
        return found

    def plain(self) -> list:
        """The values that are not null."""
        return [value for _, value in self.values if value is not None]


def kind_of(value: object) -> str:
    """The JSON Schema type of a value; a number written with a point is no integer."""
    names = {bool: "boolean", int: "integer", Decimal: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


@dataclass
class Inference:
    """What is asked for, and what was guessed on the way."""

    with_enums: bool = False
    guesses: list[str] = field(default_factory=list)


def infer_contract(event_type: str, sample: Sample, inference: Inference) -> dict:
    """The document; `inference.guesses` then says what in it somebody should look at."""
    node = _object(Seen(list(sample.data)), event_type, inference)
    head = {
        "$schema": SCHEMA,
        "$id": f"urn:tributary:contract:{event_type}:1-0-0",
        "title": event_type,
        "description": "",
        "x-event-time": event_time.DEFAULTS | _earliest(sample.times),
    }
    return head | node


def _earliest(times: Iterable[str]) -> dict[str, str]:
    """The beginning of the sample's first year, where that is before what a contract accepts by itself."""
    years = [event_time.as_utc(time).year for time in times if event_time.is_time(time)]
    before = years and min(years) < event_time.as_utc(event_time.DEFAULTS["earliest"]).year
    return {"earliest": f"{min(years):04d}-01-01T00:00:00Z"} if before else {}


def _node(seen: Seen, path: str, inference: Inference) -> dict:
    kinds = seen.kinds()
    is_nullable = kinds.pop("null", None) is not None
    if kinds.keys() == {"integer", "number"}:
        kinds.pop("integer")
    if len(kinds) > 1:
        lines = ", ".join(f"{kind} in line {line}" for kind, line in kinds.items())
        raise ContractError(
            f"{path}: the sample has {lines}; expected one type. Mend the producer, or leave those lines out."
        )
    if not kinds:
        inference.guesses.append(f"{path}: only null in the sample, taken for a string")
        kinds = {"string": 0}
    (kind,) = kinds
    node = INFER[kind](seen, path, inference)
    return {**node, "type": [kind, "null"]} if is_nullable else node


def _string(seen: Seen, path: str, inference: Inference) -> dict:
    texts = seen.plain()
    if texts and all(map(_is_date, texts)):
        return {"type": "string", "format": "date"}
    if texts and all(map(event_time.is_time, texts)):
        return {"type": "string", "format": "date-time"}
    longest = max(map(len, texts), default=0)
    node = {"type": "string", "maxLength": max(SHORTEST_MAX_LENGTH, 2 ** (2 * longest - 1).bit_length())}
    values = sorted(set(texts))
    if inference.with_enums and 0 < len(values) <= MOST_ENUM_VALUES and len(texts) >= ENUM_REPETITIONS * len(values):
        inference.guesses.append(f"{path}: {len(values)} values in the sample, taken for all there are")
        node["enum"] = [*values, None] if None in (value for _, value in seen.values) else values
    return node


def _is_date(text: str) -> bool:
    try:
        return bool(DATE.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _integer(seen: Seen, path: str, inference: Inference) -> dict:
    for line, value in seen.values:
        if value is not None and not INT64_MIN <= value <= INT64_MAX:
            raise ContractError(
                f"{path}: line {line} has {value}, which does not fit 64 bits; expected an integer that does. "
                "Send it as a string."
            )
    low, high = min(seen.plain()), max(seen.plain())
    minimum = -_roomy(-low, -INT64_MIN) if low < 0 else 0
    return {"type": "integer", "minimum": minimum, "maximum": _roomy(max(high, 0), INT64_MAX)}


def _roomy(value: int, most: int) -> int:
    """A power of ten with room for ten times the value, or all that 64 bits hold."""
    return next((power for power in POWERS if power >= 10 * value), most)


def _number(seen: Seen, path: str, inference: Inference) -> dict:
    for line, value in seen.values:
        if value is not None and not math.isfinite(float(value)):
            raise ContractError(
                f"{path}: line {line} has {value}, which no double can hold; expected less. Send it as a string."
            )
    numbers = [Decimal(value) for value in seen.plain()]
    scale = max(2, *(max(0, -int(n.as_tuple().exponent)) for n in numbers))
    whole_digits = max(n.adjusted() + 1 for n in numbers)
    if scale > MOST_SCALE or whole_digits > EXACT_DIGITS - scale:
        return {"type": "number"}
    inference.guesses.append(f"{path}: numbers with {scale} digits behind the point at most, taken for exact ones")
    return {"type": "number", "x-decimal": {"precision": DECIMAL_PRECISION, "scale": scale}}


def _array(seen: Seen, path: str, inference: Inference) -> dict:
    elements = Seen([(line, element) for line, value in seen.values if value is not None for element in value])
    if not elements.values:
        inference.guesses.append(f"{path}: only empty arrays in the sample, taken for arrays of strings")
        return {"type": "array", "items": {"type": "string", "maxLength": SHORTEST_MAX_LENGTH}}
    return {"type": "array", "items": _node(elements, f"{path}[]", inference)}


def _object(seen: Seen, path: str, inference: Inference) -> dict:
    objects = [(line, value) for line, value in seen.values if value is not None]
    fields: dict[str, Seen] = {}
    for line, value in objects:
        for name, member in value.items():
            fields.setdefault(name, Seen()).values.append((line, member))
    if not fields:
        raise ContractError(
            f"{path}: line {objects[0][0]} has an object without fields; expected some, since an empty struct cannot "
            "be stored. Leave the field out."
        )
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(name for name, found in fields.items() if len(found.values) == len(objects)),
        "properties": {name: _node(found, f"{path}.{name}", inference) for name, found in fields.items()},
    }


INFER = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda seen, path, inference: {"type": "boolean"},
    "array": _array,
    "object": _object,
}
