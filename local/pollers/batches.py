"""When a batch is due, and how much of what waits goes into it. Pure: the time is a parameter."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Limits:
    """What a batch may hold. `envelope_bytes` is what surrounds the items, a comma comes with each."""

    max_count: int
    max_bytes: int
    window_seconds: float
    envelope_bytes: int = 2


def fitting_count(sizes: Sequence[int], limits: Limits) -> int:
    """How many of the first items fit; at least one, so that an oversized item cannot block the rest."""
    ends = list(accumulate(size + 1 for size in sizes[: limits.max_count]))
    return max(min(len(ends), 1), bisect_right(ends, limits.max_bytes - limits.envelope_bytes))


def due_count(sizes: Sequence[int], opened_at: float, now: float, limits: Limits) -> int:
    """How many items make up the batch that is due at `now`; 0 while it may still grow."""
    fitting = fitting_count(sizes, limits)
    is_full = fitting == limits.max_count or fitting < len(sizes)
    return fitting if is_full or now - opened_at >= limits.window_seconds else 0


def backoff_seconds(failures: int, first: float = 0.1, longest: float = 5.0) -> float:
    """Exponential: short, because nobody waits minutes on a laptop."""
    return min(longest, first * 2 ** min(max(failures - 1, 0), 16))
