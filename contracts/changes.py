"""One change between two versions of a contract: what it is, whether it is accepted, and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Bump(IntEnum):
    """The part of the version that a change must raise."""

    NONE = 0
    ADDITION = 1
    REVISION = 2


@dataclass(frozen=True)
class Change:
    """`path` is the field, with `[]` for the elements of an array; `what` says both sides."""

    kind: str
    path: str
    what: str
    is_accepted: bool
    way_out: str = ""
    bump: Bump = Bump.NONE

    def in_words(self) -> str:
        """One line."""
        verdict = "accepted" if self.is_accepted else "REFUSED"
        return f"{verdict}: {self.path}: {self.what}.{' ' + self.way_out if self.way_out else ''}"


def refused(kind: str, path: str, what: str, way_out: str) -> Change:
    """A change that readers of stored data, or producers, would not survive."""
    return Change(kind, path, what, False, way_out)


def widened(kind: str, path: str, what: str) -> Change:
    """More is accepted than before, and every event accepted before still is."""
    return Change(kind, path, what, True, bump=Bump.REVISION)


def added(kind: str, path: str, what: str) -> Change:
    """Something optional that was not there."""
    return Change(kind, path, what, True, bump=Bump.ADDITION)


def noted(kind: str, path: str, what: str) -> Change:
    """Words for people; data is judged and stored as before."""
    return Change(kind, path, what, True)
