"""Which values a field takes, before and after: keyword by keyword, so that no event of the past falls out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from contracts.changes import Change, refused, widened

# Keyword -> whether a higher value narrows.
LIMITS = {
    "minLength": True,
    "maxLength": False,
    "minItems": True,
    "maxItems": False,
    "minimum": True,
    "maximum": False,
    "exclusiveMinimum": True,
    "exclusiveMaximum": False,
}
# JSON Schema's own default where a keyword is missing.
NEUTRAL = {"minLength": 0, "minItems": 0, "uniqueItems": False}


def value_changes(old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    """What a field takes less, and what it takes more."""
    for keyword, is_lower_bound in LIMITS.items():
        yield from _limit_changes(keyword, is_lower_bound, old, new, path, way_out)
    yield from _listed_changes(old, new, path, way_out)
    yield from _multiple_changes(old, new, path, way_out)
    for keyword in ("pattern", "format"):
        yield from _rule_changes(keyword, old, new, path, way_out)
    yield from _uniqueness_changes(old, new, path, way_out)
    yield from _precision_changes(old, new, path, way_out)


def _moved(keyword: str, old: dict, new: dict) -> str:
    if keyword not in old:
        return f"{keyword} is new: {new[keyword]}"
    return f"{keyword} was {old[keyword]} and is {new.get(keyword, 'gone')}"


def _limit_changes(
    keyword: str, is_lower_bound: bool, old: dict, new: dict, path: str, way_out: str
) -> Iterator[Change]:
    before, now = old.get(keyword, NEUTRAL.get(keyword)), new.get(keyword, NEUTRAL.get(keyword))
    if before == now:
        return
    if now is None or (before is not None and (now < before) == is_lower_bound):
        yield widened("widened bound", path, _moved(keyword, old, new))
    else:
        yield refused("narrowed bound", path, _moved(keyword, old, new), way_out)


def _listed_changes(old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    before, now = _listed(old), _listed(new)
    if before == now:
        return
    if now is None:
        yield widened("widened enum", path, "the list of values is gone")
    elif before is None:
        yield refused("narrowed enum", path, f"only {', '.join(sorted(now))} is allowed", way_out)
    elif gone := before - now:
        yield refused("narrowed enum", path, f"{', '.join(sorted(gone))} is no longer allowed", way_out)
    else:
        yield widened("widened enum", path, f"{', '.join(sorted(now - before))} is allowed")


def _listed(node: dict) -> set[str] | None:
    """The values of enum and const; None where any value goes."""
    lists = [node["enum"]] if "enum" in node else []
    lists += [[node["const"]]] if "const" in node else []
    return set.intersection(*({_canonical(value) for value in values} for values in lists)) if lists else None


def _canonical(value: object) -> str:
    """Equal texts for equal JSON values: 1 and 1.0 are one number, 1 and true are not one value."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_canonical, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(name)}: {_canonical(value[name])}' for name in sorted(value))}}}"
    return json.dumps(value, ensure_ascii=False)


def _multiple_changes(old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    before, now = old.get("multipleOf"), new.get("multipleOf")
    if before == now:
        return
    is_wider = now is None or (before is not None and Decimal(str(before)) % Decimal(str(now)) == 0)
    what = _moved("multipleOf", old, new)
    yield widened("widened bound", path, what) if is_wider else refused("narrowed bound", path, what, way_out)


def _rule_changes(keyword: str, old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    """A rule that can only be kept or dropped: nobody can prove that one pattern takes all that another takes."""
    if old.get(keyword) == new.get(keyword):
        return
    if keyword not in new:
        yield widened(f"dropped {keyword}", path, _moved(keyword, old, new))
    else:
        yield refused(f"changed {keyword}", path, _moved(keyword, old, new), way_out)


def _uniqueness_changes(old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    before, now = old.get("uniqueItems", False), new.get("uniqueItems", False)
    if now and not before:
        yield refused("narrowed bound", path, "elements must be unique and need not have been", way_out)
    elif before and not now:
        yield widened("widened bound", path, "elements need not be unique")


def _precision_changes(old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    """The scale is part of the type; the precision may grow, as Iceberg allows."""
    if "x-decimal" not in old:
        return
    before, now = old["x-decimal"]["precision"], new["x-decimal"]["precision"]
    if now < before:
        yield refused("narrowed type", path, f"the precision was {before} and is {now}", way_out)
    elif now > before:
        yield widened("widened type", path, f"the precision was {before} and is {now}")
