"""Compares two versions of a contract: every event the old one accepted must be accepted and read as before.

All versions of an event type lie in one column of one table, so that a break needs an event type of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts.annotations import annotation_changes, event_time_changes, publish_changes
from contracts.changes import Bump, Change, added, refused, widened
from contracts.contract import Contract
from contracts.narrowing import value_changes
from contracts.types import Decimal, Scalar, type_of

NEW_TYPE = (
    "Keep it as it was, or start an event type of its own, such as {event_type}_v2: "
    "rows of both would lie in one column."
)


def compare_all(old: dict[str, Contract], new: dict[str, Contract]) -> list[Change]:
    """All changes between two states of the folder contracts/, by event type."""
    changes = []
    for event_type in sorted(old.keys() | new.keys()):
        if event_type not in new:
            changes.append(_removed_contract(event_type))
        elif event_type not in old:
            changes.append(Change("new contract", event_type, f"contract {new[event_type].version} is new", True))
        else:
            changes += compare(old[event_type], new[event_type])
    return changes


def compare(old: Contract, new: Contract) -> list[Change]:
    """All changes between two versions of one contract, what its version lacks last."""
    way_out = NEW_TYPE.format(event_type=new.event_type)
    changes = [
        *_node_changes(old.document, new.document, new.event_type, way_out),
        *event_time_changes(old, new),
        *publish_changes(old, new),
    ]
    return [*changes, *_version_changes(old, new, changes)]


def _removed_contract(event_type: str) -> Change:
    return refused(
        "removed contract",
        event_type,
        "the contract is gone, but rows of its type lie in the table",
        f"Bring contracts/{event_type}.json back; a type that nobody sends any more costs nothing.",
    )


def _node_changes(old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    if type_change := _type_change(old, new, path, way_out):
        yield type_change
        return
    yield from _null_changes(old, new, path)
    yield from value_changes(old, new, path, way_out)
    yield from annotation_changes(old, new, path, way_out)
    if "properties" in old:
        yield from _field_changes(old, new, path, way_out)
    if "items" in old:
        yield from _node_changes(old["items"], new["items"], f"{path}[]", way_out)


def _type_change(old: dict, new: dict, path: str, way_out: str) -> Change | None:
    before, after = _type_in_words(old), _type_in_words(new)
    return refused("changed type", path, f"the type was {before} and is {after}", way_out) if before != after else None


def _type_in_words(node: dict) -> str:
    """What a column cannot change; lengths, bounds and precisions are compared by themselves."""
    kind = next(kind for kind in _kinds(node) if kind != "null")
    if kind in ("object", "array"):
        return kind
    found = type_of(node, "")
    if isinstance(found, Decimal):
        return f"a decimal with {found.scale} digits behind the point"
    assert isinstance(found, Scalar)
    return found.name


def _kinds(node: dict) -> list[str]:
    found = node["type"]
    return found if isinstance(found, list) else [found]


def _null_changes(old: dict, new: dict, path: str) -> Iterator[Change]:
    was, is_now = "null" in _kinds(old), "null" in _kinds(new)
    if was and not is_now:
        yield refused(
            "null no longer allowed", path, "null was allowed and is not", "Allow null; rows of the past hold it."
        )
    elif is_now and not was:
        yield widened("null allowed", path, "null is allowed")


def _field_changes(old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    before, after = old["properties"], new["properties"]
    for name in [name for name in before if name in after]:
        yield from _node_changes(before[name], after[name], f"{path}.{name}", way_out)
    gone = [name for name in before if name not in after]
    fresh = [name for name in after if name not in before]
    for name in gone:
        yield _removed_field(name, before[name], {other: after[other] for other in fresh}, path)
    required_before, required_now = set(old.get("required", [])), set(new.get("required", []))
    for name in fresh:
        yield _new_field(name, name in required_now, path)
    yield from _required_changes(required_before - set(gone), required_now - set(fresh), path)


def _removed_field(name: str, node: dict, fresh: dict[str, dict], path: str) -> Change:
    alike = next((other for other, found in fresh.items() if _is_alike(name, node, other, found)), None)
    if alike:
        return refused(
            "renamed field",
            f"{path}.{name}",
            f"the field is gone and {alike}, which looks like it, is new",
            f"Keep {name} under its name; a nicer name belongs into a query, or add {alike} beside it as optional.",
        )
    return refused(
        "removed field",
        f"{path}.{name}",
        "the field is gone, but rows and producers hold it",
        "Bring it back; make it optional if nobody sends it any more.",
    )


def _is_alike(name: str, node: dict, other: str, found: dict) -> bool:
    """The same field under another name: same words, or the same schema."""
    if _type_in_words(node) != _type_in_words(found):
        return False
    return _plain(name) == _plain(other) or node.get("description", 0) == found.get("description", 1) or node == found


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _new_field(name: str, is_required: bool, path: str) -> Change:
    if is_required:
        return refused(
            "new required field",
            f"{path}.{name}",
            "the field is new and required",
            "Make it optional: producers of the older version do not send it, and raw lines of the past lack it.",
        )
    return added("new field", f"{path}.{name}", "the field is new and optional")


def _required_changes(before: set[str], now: set[str], path: str) -> Iterator[Change]:
    for name in sorted(now - before):
        yield refused(
            "newly required field",
            f"{path}.{name}",
            "the field was optional and is required",
            "Leave it optional: producers of the older version may not send it.",
        )
    for name in sorted(before - now):
        yield widened("field made optional", f"{path}.{name}", "the field was required and is optional")


def _version_changes(old: Contract, new: Contract, changes: list[Change]) -> Iterator[Change]:
    moved = f"the version was {old.version} and is {new.version}"
    if new.version.model != old.version.model:
        yield refused("changed model", new.event_type, moved, NEW_TYPE.format(event_type=new.event_type))
        return
    needed = max((change.bump for change in changes), default=Bump.NONE)
    if needed == Bump.REVISION and new.version.revision <= old.version.revision:
        next_version = f"{old.version.model}-{old.version.revision + 1}-0"
        why = "the contract accepts or means more than before"
    elif needed == Bump.ADDITION and new.version <= old.version:
        next_version = f"{old.version.model}-{old.version.revision}-{old.version.addition + 1}"
        why = "the contract has something new"
    elif new.version < old.version:
        next_version, why = str(old.version), "an event may name the older version"
    else:
        return
    way_out = f"Set $id to urn:tributary:contract:{new.event_type}:{next_version}."
    yield refused("version too low", new.event_type, f"{why}, and {moved}", way_out)
