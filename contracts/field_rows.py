"""The fields of a contract as rows for people: what is in them, and whether they must be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.contract import Contract
from contracts.types import INT64_MAX, INT64_MIN


@dataclass(frozen=True)
class FieldRow:
    """A field; `path` has `[]` after an array, `type` says the values it takes."""

    path: str
    type: str
    is_required: bool
    unit: str
    pii: str
    reference: str
    description: str


def field_rows(contract: Contract) -> list[FieldRow]:
    """Every field, those of objects and of arrays' elements after their parent."""
    return list(_rows(contract.document, ""))


def _rows(node: dict, above: str) -> Iterator[FieldRow]:
    required = node.get("required", [])
    for name, child in node["properties"].items():
        path = f"{above}{name}"
        yield _row(path, child, name in required)
        yield from _below(child, path)


def _below(node: dict, path: str) -> Iterator[FieldRow]:
    if "properties" in node:
        yield from _rows(node, f"{path}.")
    elif "items" in node:
        if "properties" not in node["items"] and "items" not in node["items"]:
            yield _row(f"{path}[]", node["items"], True)
        yield from _below(node["items"], f"{path}[]")


def _row(path: str, node: dict, is_required: bool) -> FieldRow:
    notes = [node.get(keyword, "") for keyword in ("x-unit", "x-pii", "x-reference", "description")]
    return FieldRow(path, in_words(node), is_required, *notes)


def in_words(node: dict) -> str:
    """Type and rules of a field: `integer, 1 to 500`, `string or null, up to 64 characters`."""
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    kind = next(kind for kind in kinds if kind != "null")
    name = _name(kind, node) + (" or null" if "null" in kinds else "")
    return ", ".join([name, *_rules(kind, node)])


def _name(kind: str, node: dict) -> str:
    if "x-decimal" in node:
        return f"decimal({node['x-decimal']['precision']}, {node['x-decimal']['scale']})"
    return node.get("format", kind)


def _rules(kind: str, node: dict) -> Iterator[str]:
    if "enum" in node or "const" in node:
        yield "one of " + ", ".join(f"`{value}`" for value in node.get("enum", [node.get("const")]))
    elif kind == "string" and node.get("format") not in ("date", "date-time"):
        yield from _span(node.get("minLength"), node["maxLength"], "characters")
    elif kind in ("integer", "number"):
        yield from _span(*(_bound(node.get(keyword)) for keyword in ("minimum", "maximum")), "")
    elif kind == "array":
        yield from _span(node.get("minItems"), node.get("maxItems"), "elements")
    words = {"exclusiveMinimum": "above", "exclusiveMaximum": "below", "multipleOf": "a multiple of"}
    yield from (f"{word} {node[keyword]:,}" for keyword, word in words.items() if keyword in node)
    if "pattern" in node:
        yield f"matches `{node['pattern']}`"


def _bound(value: int | float | None) -> int | float | None:
    return None if value in (INT64_MIN, INT64_MAX) else value


def _span(low: int | float | None, high: int | float | None, what: str) -> Iterator[str]:
    if low is not None and high is not None:
        yield (f"{low:,}" if low == high else f"{low:,} to {high:,}") + f" {what}".rstrip()
    elif high is not None:
        yield f"up to {high:,} {what}".rstrip()
    elif low is not None:
        yield f"at least {low:,} {what}".rstrip()
