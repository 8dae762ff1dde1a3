"""`etl rejects`: how many there are of which kind, and what samples of them say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cli.rejects.found import FoundRejects
from contracts.errors import PipelineError
from lake.fates import Fate
from lake.positions import utc_text
from lake.stored_rejects import NO_TYPE, StoredReject

EVERY = "all"
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


@dataclass
class Overview:
    """Rejects by stage, reason, event type, day of arrival and fate; a few samples of each stage and reason."""

    counts: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    samples: list[tuple[StoredReject, Fate]] = field(default_factory=list)

    @property
    def rejects(self) -> int:
        return self.counts.total()

    def rows(self) -> list[tuple]:
        """The counts as rows, in the order of their names."""
        return [(*kind, count) for kind, count in sorted(self.counts.items())]


def chosen_fates(fate: str) -> frozenset[Fate]:
    """The fates that `--fate` asks for."""
    if fate == EVERY:
        return frozenset(Fate)
    if fate not in set(Fate):
        raise PipelineError(f"--fate is {fate!r}; expected one of {', '.join(Fate)} or {EVERY}.")
    return frozenset({Fate(fate)})


def overview(found: FoundRejects, wanted: frozenset[Fate], samples: int) -> Overview:
    """Count rejects of the wanted fates, and keep the first samples of each stage and reason."""
    seen, taken = Overview(), Counter()
    for reject in found:
        fate = found.fate(reject)
        if fate not in wanted:
            continue
        seen.counts[reject.stage, reject.reason, reject.event_type or NO_TYPE, reject.reject_date, str(fate)] += 1
        kind = (reject.stage, reject.reason)
        if taken[kind] < samples:
            taken[kind] += 1
            seen.samples.append((reject, fate))
    return seen


def as_json(seen: Overview, now: datetime, with_original: bool) -> dict:
    """The overview as one document."""
    names = ("stage", "reason", "event_type", "reject_date", "fate", "rejects")
    rows = [[None if value == NO_TYPE else value for value in row] for row in seen.rows()]
    return {
        "rejects": seen.rejects,
        "counts": [dict(zip(names, row, strict=True)) for row in rows],
        "samples": [sample_as_json(reject, now, with_original) | {"fate": fate} for reject, fate in seen.samples],
    }


def sample_as_json(reject: StoredReject, now: datetime, with_original: bool) -> dict:
    """What a sample shows; the original only if it is asked for, since it may hold personal data."""
    shown = {
        "reject_id": reject.reject_id,
        "stage": reject.stage,
        "reason": reject.reason,
        "event_type": reject.event_type,
        "position": reject.position.as_text(),
        "arrival_time": utc_text(reject.position.arrival_time),
        "age_seconds": _age_seconds(reject, now),
        "batch_id": reject.batch_id,
        "original_bytes": len(reject.original),
        "found": reject.found,
        "expected": reject.expected,
        "next_step": reject.next_step,
    }
    return shown | ({"original": printable(reject.original)} if with_original else {})


def print_overview(out: Any, seen: Overview, wanted: frozenset[Fate], now: datetime, with_original: bool) -> None:
    """The overview for people."""
    from cli.display import table

    kind = "" if len(wanted) > 1 else f"{next(iter(wanted))} "
    if not seen.rejects:
        out.print(f"There are no {kind}rejects of this selection." + ("" if EVERY in wanted else _hint(wanted)))
        return
    heads = ("stage", "reason", "type", "day of arrival", "rejects", "fate")
    rows = [(*kind, count, fate) for *kind, fate, count in seen.rows()]
    shown = len(heads) if len(wanted) > 1 else -1
    out.print(table(None, heads[:shown], [row[:shown] for row in rows]))
    out.print(f"{seen.rejects:,} {kind}reject{'' if seen.rejects == 1 else 's'}", style="bold")
    for reject, fate in seen.samples:
        print_sample(out, reject, now, with_original, "" if len(wanted) == 1 else f" · {fate}")


def _hint(wanted: frozenset[Fate]) -> str:
    return "" if len(wanted) > 1 else " `etl rejects --fate all` counts those that were decided on as well."


def print_sample(out: Any, reject: StoredReject, now: datetime, with_original: bool, suffix: str = "") -> None:
    """One reject, a line for each thing that is known of it."""
    age = in_words(_age_seconds(reject, now))
    lines = {
        "id": reject.reject_id,
        "position": reject.position.as_text(),
        "arrived": f"{utc_text(reject.position.arrival_time)}, {age} ago",
        "size": f"{len(reject.original):,} bytes",
        "found": reject.found,
        "expected": reject.expected,
        "next step": reject.next_step,
    }
    if with_original:
        lines["original"] = printable(reject.original)
    heading = f"{reject.stage} · {reject.reason} · {reject.event_type or 'no type'}{suffix}"
    out.print(f"\n{printable(heading.encode())}", markup=False, style="bold", soft_wrap=True)
    print_lines(out, lines.items())


def print_lines(out: Any, lines: Iterable[tuple[str, str]]) -> None:
    """Names and values, indented; what is in a record cannot steer the terminal."""
    for name, value in lines:
        out.print(f"  {name:<10}{printable(value.encode())}", markup=False, soft_wrap=True)


def printable(content: bytes) -> str:
    """Text where it is text, escapes where it is not."""
    text = content.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def in_words(seconds: int) -> str:
    """93784 -> `1 d 2 h`."""
    parts = []
    for unit, length in UNITS:
        count, seconds = divmod(seconds, length)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def _age_seconds(reject: StoredReject, now: datetime) -> int:
    return max(0, int((now.astimezone(UTC) - reject.position.arrival_time).total_seconds()))
