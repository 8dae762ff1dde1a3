"""What a contract says beyond JSON Schema, before and after: units, masks, references, times, words."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.changes import Bump, Change, noted, refused
from contracts.contract import Contract

# How much of a value its mask leaves to see.
EXPOSURE = {"drop": 0, "hash": 1, "truncate_ip": 2, None: 3}
# What enrichment takes from a field, by annotation.
ENRICHED = {
    "x-reference": "reference",
    "x-channel": "channel",
    "x-user-agent": "user agent",
    "x-currency": "amount",
}
WORDS_ONLY = "changed words"
WORDS = ("title", "description", "$comment", "deprecated", "examples", "default")


def annotation_changes(old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    """Changes of a field's annotations."""
    yield from _unit_changes(old, new, path)
    yield from _mask_changes(old, new, path)
    for keyword in ENRICHED:
        yield from _enrichment_changes(keyword, old, new, path, way_out)
    changed = [keyword for keyword in WORDS if old.get(keyword) != new.get(keyword)]
    if changed:
        yield noted(WORDS_ONLY, path, f"{', '.join(changed)} changed")


def _unit_changes(old: dict, new: dict, path: str) -> Iterator[Change]:
    before, now = old.get("x-unit"), new.get("x-unit")
    if before is None and now is not None:
        yield noted("named unit", path, f"the unit is named: {now}")
    elif before != now:
        yield refused(
            "changed unit",
            path,
            f"the unit was {before} and is {now or 'gone'}",
            f"Keep {before}, or add a field of its own for the other unit: rows of both would lie in one column.",
        )


def _mask_changes(old: dict, new: dict, path: str) -> Iterator[Change]:
    before, now = old.get("x-pii"), new.get("x-pii")
    what = f"x-pii was {before or 'not there'} and is {now or 'gone'}"
    if EXPOSURE[now] > EXPOSURE[before]:
        yield refused(
            "exposed field", path, what, f"Keep {before}; what may be shown belongs into a new field of its own."
        )
    elif now != before:
        yield Change("masked field", path, what, True, bump=Bump.REVISION)


def _enrichment_changes(keyword: str, old: dict, new: dict, path: str, way_out: str) -> Iterator[Change]:
    before, now = old.get(keyword), new.get(keyword)
    what = f"{keyword} was {before or 'not there'} and is {now or 'gone'}"
    if before is None and now is not None:
        yield Change(f"new {ENRICHED[keyword]}", path, what, True, bump=Bump.ADDITION)
    elif before != now:
        yield refused(f"changed {ENRICHED[keyword]}", path, f"{what}: readers of {before} would find nulls", way_out)


def event_time_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Bounds of the event time may widen; when an event counts as late is said anew for new rows only."""
    path = f"{new.event_type}: x-event-time"
    if new.earliest != old.earliest:
        what = f"earliest was {old.earliest.isoformat()} and is {new.earliest.isoformat()}"
        yield _bound_change(path, what, is_wider=new.earliest < old.earliest)
    if new.ahead_seconds != old.ahead_seconds:
        what = f"ahead_seconds was {old.ahead_seconds} and is {new.ahead_seconds}"
        yield _bound_change(path, what, is_wider=new.ahead_seconds > old.ahead_seconds)
    if new.late_after_seconds != old.late_after_seconds:
        what = f"late_after_seconds was {old.late_after_seconds} and is {new.late_after_seconds}"
        yield Change("changed lateness", path, what, True, bump=Bump.REVISION)


def _bound_change(path: str, what: str, is_wider: bool) -> Change:
    if is_wider:
        return Change("widened time bounds", path, what, True, bump=Bump.REVISION)
    way_out = "Keep the wider bound: raw lines of the past hold such times, and a backfill reads them again."
    return refused("narrowed time bounds", path, what, way_out)


def publish_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Whether consumers downstream get the type at all."""
    before, now = (contract.document.get("x-publish", True) for contract in (old, new))
    if before != now:
        what = f"consumers downstream {'get' if now else 'no longer get'} events of this type"
        yield Change("changed publication", f"{new.event_type}: x-publish", what, True, bump=Bump.REVISION)
