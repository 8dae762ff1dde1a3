"""An event of each type as a producer might send it; the same every time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from contracts.contract import Contract
from contracts.errors import ContractError
from contracts.event_time import as_utc

TIME = "2026-11-22T10:00:00Z"
TEXTS = {
    "date-time": TIME,
    "date": "2026-11-22",
    "time": "10:00:00Z",
    "duration": "PT5M",
    "email": "jane@example.com",
    "idn-email": "jane@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "iri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
}
PLAIN_TEXT = "text"


def example_event(contract: Contract) -> dict:
    """A CloudEvent of the type that names its contract."""
    return {
        "specversion": "1.0",
        "id": "example-1",
        "source": "/example",
        "type": contract.event_type,
        "time": TIME if as_utc(TIME) >= contract.earliest else contract.earliest.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": contract.document["$id"],
        "data": example_of(contract.document),
    }


def example_of(node: dict) -> object:
    """A value of the schema: its first example, else one made from its rules."""
    for keyword in ("examples", "enum"):
        found = [value for value in node.get(keyword, []) if value is not None]
        if found:
            return found[0]
    for keyword in ("const", "default"):
        if node.get(keyword) is not None:
            return node[keyword]
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return MAKERS[next(kind for kind in kinds if kind != "null")](node)


def check_example(contract: Contract) -> None:
    """ContractError where no example can be made that the contract itself accepts."""
    from contracts.validator import DataValidator

    violation = DataValidator(contract.document).violation(example_of(contract.document))
    if violation:
        field = violation.path.replace("data", contract.event_type, 1)
        raise ContractError(
            f"{field}: no example can be made from its rules ({violation.expected}); expected one, for the reference "
            'page. Add "examples" with a value to the field.'
        )


def _text(node: dict) -> str:
    text = TEXTS.get(node.get("format", ""), PLAIN_TEXT)
    if "format" in node:
        return text
    return text.ljust(node.get("minLength", 0), "t")[: node["maxLength"]]


def _number(node: dict) -> int | float:
    return next((value for value in _candidates(node) if _is_within(node, value)), 0)


def _candidates(node: dict) -> Iterator[int | float]:
    step = node.get("multipleOf", 1)
    yield from (step, 0)
    for keyword in ("minimum", "exclusiveMinimum"):
        if keyword in node:
            yield from (math.ceil(node[keyword] / step) * step, (math.floor(node[keyword] / step) + 1) * step)
            yield node[keyword]
    for keyword in ("maximum", "exclusiveMaximum"):
        if keyword in node:
            yield from (math.floor(node[keyword] / step) * step, (math.ceil(node[keyword] / step) - 1) * step)
            yield node[keyword]


def _is_within(node: dict, value: int | float) -> bool:
    return (
        node.get("minimum", value) <= value <= node.get("maximum", value)
        and node.get("exclusiveMinimum", -math.inf) < value < node.get("exclusiveMaximum", math.inf)
        and ("multipleOf" not in node or math.remainder(value, node["multipleOf"]) == 0)
    )


def _array(node: dict) -> list:
    return [example_of(node["items"])] * max(1, node.get("minItems", 0)) if node.get("maxItems", 1) else []


def _object(node: dict) -> dict:
    return {name: example_of(child) for name, child in node["properties"].items()}


MAKERS: dict[str, Callable[[dict], object]] = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": lambda node: True,
    "array": _array,
    "object": _object,
}
