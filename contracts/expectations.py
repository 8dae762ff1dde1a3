"""What every batch must keep because the contracts say so, as configurations of Great Expectations.

One expectation a type for all its required fields, since each costs the gate some milliseconds; one a field for
lists of values and bounds. Elements of arrays are not looked into.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts.contract import Contract
from contracts.types import INT64_MAX, INT64_MIN

# In `meta`: where an expectation comes from, and the runs that it is for.
ORIGIN, DERIVED, WRITTEN = "origin", "contract", "hand-written"
BOTH = ["batch", "days"]
BOUNDS = {
    "minimum": ("min_value", False),
    "exclusiveMinimum": ("min_value", True),
    "maximum": ("max_value", False),
    "exclusiveMaximum": ("max_value", True),
}


def has_required_fields(event_type: str) -> str:
    """The column that tells whether a row has all required fields of its type; null in rows of other types."""
    return f"has_required_fields.{event_type}"


def required_paths(contract: Contract) -> list[tuple[str, ...]]:
    """Fields that no row of the type may lack: required, never null, all the way down, and stored."""
    return [path for path, _, is_required in _fields(contract.stored_document, (), True) if is_required]


def derived_expectations(contract: Contract) -> list[dict]:
    """The baseline of one event type, in the order of its fields."""
    listed = [
        e for path, node, _ in _fields(contract.stored_document, (), True) for e in _of_field(contract, path, node)
    ]
    return [*_of_required(contract), *listed]


def _fields(node: dict, above: tuple[str, ...], is_there: bool) -> Iterator[tuple[tuple[str, ...], dict, bool]]:
    """Fields that are no object, with whether each row has a value in it."""
    required = node.get("required", [])
    for name, child in node["properties"].items():
        path, is_required = (*above, name), is_there and name in required and "null" not in child["type"]
        if "properties" in child:
            yield from _fields(child, path, is_required)
        else:
            yield path, child, is_required


def _of_required(contract: Contract) -> Iterator[dict]:
    count = len(required_paths(contract))
    if count:
        yield _expectation(
            f"{contract.event_type}.required_fields",
            "expect_column_values_to_be_in_set",
            {"column": has_required_fields(contract.event_type), "value_set": [True]},
            f"Every {contract.event_type} has its {count} required fields.",
            "The contract let no event in without them: a null was made on the way, where a value could not be read.",
        )


def _of_field(contract: Contract, path: tuple[str, ...], node: dict) -> Iterator[dict]:
    column = ".".join((contract.event_type, *path))
    # A masked value is another one than the contract speaks of.
    if "x-pii" not in node and _is_text(node) and (values := _listed(node)):
        yield _expectation(
            f"{column}.listed_in_contract",
            "expect_column_values_to_be_in_set",
            {"column": column, "value_set": values},
            f"{column} is one of the {len(values)} values of its contract.",
            "Queries and dashboards name these values; another one would be missing from each of them.",
        )
    if bounds := _bounds(node):
        yield _expectation(
            f"{column}.within_contract",
            "expect_column_values_to_be_between",
            {"column": column, **bounds},
            f"{column} is within the bounds of its contract.",
            "The contract let no event in outside of them: the number was changed on the way, by a cast or a rule.",
        )


def _is_text(node: dict) -> bool:
    return "string" in node["type"] and node.get("format") not in ("date", "date-time")


def _listed(node: dict) -> list[str]:
    values = node.get("enum", [node["const"]] if "const" in node else [])
    return sorted(value for value in values if value is not None)


def _bounds(node: dict) -> dict:
    """Bounds that the column's own type does not keep; of two on one side, the exclusive one if it is as narrow."""
    if "string" in node["type"] or "array" in node["type"]:
        return {}
    found: dict = {}
    for keyword, (name, is_strict) in BOUNDS.items():
        if keyword not in node or node[keyword] in (INT64_MIN, INT64_MAX):
            continue
        value, known = node[keyword], found.get(name)
        if known is None or (value >= known if name == "min_value" else value <= known):
            found |= {name: value, f"strict_{name.removesuffix('_value')}": is_strict}
    return {name: value for name, value in found.items() if value is not False}


def _expectation(name: str, kind: str, kwargs: dict, description: str, notes: str) -> dict:
    return {
        "description": description,
        "kwargs": kwargs,
        "meta": {"id": name, ORIGIN: DERIVED, "scope": BOTH},
        "notes": notes,
        "severity": "critical",
        "type": kind,
    }
