"""What a contract says of personal data: `x-pii` on a field masks it before anything is stored in the table.

drop: never stored. hash: a keyed hash. truncate_ip: the network an address is in. The raw zone keeps what was sent.
"""

from __future__ import annotations

from contracts.errors import ContractError

DROP, HASH, TRUNCATE_IP = "drop", "hash", "truncate_ip"


def stored_document(document: dict, event_type: str) -> dict:
    """The schema without what is never stored; ContractError where nothing is left."""
    stored = _without_dropped(document)
    if stored is None:
        raise ContractError(
            f"{event_type}: x-pii drops every field; expected at least one that is stored. Keep or add one."
        )
    return stored


def _without_dropped(schema: dict) -> dict | None:
    if schema.get("x-pii") == DROP:
        return None
    if "properties" in schema:
        return _object(schema)
    if "items" in schema:
        items = _without_dropped(schema["items"])
        return None if items is None else schema | {"items": items}
    return schema


def _object(schema: dict) -> dict | None:
    members = {name: _without_dropped(member) for name, member in schema["properties"].items()}
    kept = {name: member for name, member in members.items() if member is not None}
    required = [name for name in schema.get("required", ()) if name in kept]
    # Parquet has no struct without members.
    return schema | {"properties": kept, "required": required} if kept else None
