"""Logical types of contract data: what JSON Schema, Arrow, Spark and Iceberg have in common."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.errors import ContractError

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
# A JSON number is read as a double, which keeps 15 decimal digits exactly and no more.
EXACT_DIGITS = 15


@dataclass(frozen=True)
class Scalar:
    """A single value; `name` is one of string, long, double, boolean, timestamp, date."""

    name: str


@dataclass(frozen=True)
class Decimal:
    """An exact number with `scale` digits behind the point, `precision` digits in all."""

    precision: int
    scale: int


@dataclass(frozen=True)
class Array:
    """Values of one type, in order."""

    element: DataType


@dataclass(frozen=True)
class Field:
    """A named member of a struct; always nullable in storage, since a column may be younger than a row."""

    name: str
    type: DataType
    description: str


@dataclass(frozen=True)
class Struct:
    """Named fields, in the order of the contract."""

    fields: tuple[Field, ...]


DataType = Scalar | Decimal | Array | Struct


def type_of(schema: dict, path: str) -> DataType:
    """The logical type of a JSON Schema node; ContractError where the tables could not hold every value."""
    kinds = {kind for kind in _as_list(schema.get("type")) if kind != "null"}
    if len(kinds) != 1 or not kinds <= READERS.keys():
        raise ContractError(
            f"{path}: type is {schema.get('type')!r}; expected one of {sorted(READERS)}, optionally with 'null'. "
            "Give the field exactly one type."
        )
    return READERS[kinds.pop()](schema, path)


def _as_list(value: object) -> list:
    return value if isinstance(value, list) else [value]


def _string(schema: dict, path: str) -> DataType:
    if schema.get("format") == "date-time":
        return Scalar("timestamp")
    if schema.get("format") == "date":
        return Scalar("date")
    _require(schema, path, "maxLength")
    return Scalar("string")


def _integer(schema: dict, path: str) -> DataType:
    _require(schema, path, "minimum", "maximum")
    if schema["minimum"] < INT64_MIN or schema["maximum"] > INT64_MAX:
        raise ContractError(
            f"{path}: bounds {schema['minimum']}..{schema['maximum']} do not fit 64 bits. "
            "Narrow minimum and maximum, or make the field a string."
        )
    return Scalar("long")


def _number(schema: dict, path: str) -> DataType:
    if "x-decimal" not in schema:
        return Scalar("double")
    precision, scale = schema["x-decimal"]["precision"], schema["x-decimal"]["scale"]
    if not (0 <= scale <= precision <= 38 and scale <= EXACT_DIGITS and precision):
        raise ContractError(
            f"{path}: x-decimal is {precision},{scale}; expected 0 <= scale <= precision <= 38, and a scale of "
            f"{EXACT_DIGITS} at most, the digits that a JSON number keeps. Mend it, or send the number as a string."
        )
    return Decimal(precision, scale)


def _array(schema: dict, path: str) -> DataType:
    _require(schema, path, "items")
    return Array(type_of(schema["items"], f"{path}[]"))


def _object(schema: dict, path: str) -> DataType:
    _require(schema, path, "properties")
    fields = schema["properties"]
    return Struct(
        tuple(
            Field(name, type_of(node, f"{path}.{name}"), node.get("description", "")) for name, node in fields.items()
        )
    )


def _require(schema: dict, path: str, *keywords: str) -> None:
    missing = [keyword for keyword in keywords if keyword not in schema]
    if missing:
        raise ContractError(
            f"{path}: {', '.join(missing)} missing; a contract bounds everything a type can hold. Add it."
        )


READERS = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda schema, path: Scalar("boolean"),
    "array": _array,
    "object": _object,
}
