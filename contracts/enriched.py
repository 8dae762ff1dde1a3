"""What a contract says to enrichment beyond keys: user agent, channel, amount. Each is one value an event."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.errors import ContractError

# What can be multiplied by a rate without leaving the 38 digits of a decimal.
MOST_DIGITS = 18
SINGLE = ("x-user-agent", "x-channel", "x-currency")


def check_enriched(document: dict, event_type: str) -> None:
    """ContractError where enrichment could not tell which value is meant, or could not compute with it."""
    for keyword in SINGLE:
        for path, _, _ in _marked(document, keyword, event_type):
            _check_single(keyword, path)
    amounts = list(_marked(document, "x-currency", event_type))
    if len(amounts) > 1:
        raise ContractError(
            f"{event_type}: x-currency is on {', '.join(path for path, _, _ in amounts)}; expected one amount, the one "
            "that an event is about. Remove it elsewhere: a query converts other amounts by the stored rate."
        )
    for path, node, siblings in amounts:
        _check_amount(path, node, siblings)


def _check_single(keyword: str, path: str) -> None:
    if "[]" in path:
        raise ContractError(
            f"{path}: {keyword} is in an array; expected it on one value an event. Mark a field outside of arrays."
        )


def _check_amount(path: str, node: dict, siblings: dict) -> None:
    currency = siblings.get(node["x-currency"], {})
    if "string" not in _kinds(currency):
        raise ContractError(
            f"{path}: x-currency is {node['x-currency']!r}; expected the name of a string beside it that holds the "
            "ISO 4217 code. Mend the name, or add the field."
        )
    precision = node.get("x-decimal", {}).get("precision")
    if precision is None or precision > MOST_DIGITS:
        found = "a double" if precision is None else f"{precision} digits"
        raise ContractError(
            f"{path}: x-currency is on {found}; expected an x-decimal of {MOST_DIGITS} digits at most. Mend x-decimal."
        )


def _kinds(node: dict) -> list:
    kind = node.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def _marked(node: dict, keyword: str, path: str) -> Iterator[tuple[str, dict, dict]]:
    """Path, node and the fields beside it of every field with the keyword."""
    fields = node.get("properties", {})
    for name, child in fields.items():
        if keyword in child:
            yield f"{path}.{name}", child, fields
        yield from _marked(child, keyword, f"{path}.{name}")
    if "items" in node:
        if keyword in node["items"]:
            yield f"{path}[]", node["items"], {}
        yield from _marked(node["items"], keyword, f"{path}[]")
