"""A fix: a Python file with one function, `fix(event: bytes, reject: StoredReject) -> bytes | None`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from contracts.errors import PipelineError
from lake.stored_rejects import StoredReject

Function = Callable[[bytes, StoredReject], bytes | None]


class FixFailed(Exception):
    """The fix made nothing of this reject: it raised, or returned what is no record. The reject stays open."""


@dataclass(frozen=True)
class Fix:
    """The function, and a name that tells which text of it was used."""

    name: str
    function: Function

    def __call__(self, event: bytes, reject: StoredReject) -> bytes | None:
        """What the fix makes of the event, None to discard it; PipelineError where two calls differ."""
        first, second = self._tried(event, reject), self._tried(event, reject)
        both_failed = isinstance(first, FixFailed) and isinstance(second, FixFailed)
        if first != second and not both_failed:
            raise PipelineError(
                f"the fix {self.name} made two different things of reject {reject.reject_id} in two calls; expected "
                "the same bytes for the same event. Take clocks, chance and counters out of it (an id can be "
                "reject.reject_id, a time reject.position.arrival_time): an event that changes would be stored twice."
            )
        if isinstance(first, FixFailed):
            raise first
        return first

    def _tried(self, event: bytes, reject: StoredReject) -> bytes | FixFailed | None:
        try:
            made = self.function(event, reject)
        except Exception as error:
            return FixFailed(f"raised {type(error).__name__}: {error}")
        if made is not None and not isinstance(made, bytes):
            return FixFailed(f"returned {type(made).__name__}")
        return made


def load_fix(path: Path) -> Fix:
    """The fix of a file; PipelineError where it cannot be loaded or has no such function."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise PipelineError(f"{path} cannot be read: {error.strerror}. Name a Python file that is there.") from None
    function = _names_of(path, source).get("fix")
    if not callable(function):
        raise PipelineError(
            f"{path} has no function `fix`; expected `def fix(event: bytes, reject) -> bytes | None`. "
            "docs/runbook.md has two examples."
        )
    return Fix(f"{path.name} sha256:{hashlib.sha256(source).hexdigest()[:12]}", function)


def _names_of(path: Path, source: bytes) -> dict:
    # Not an import: that would leave a compiled file beside the fix, and could take an earlier one for it.
    module = ModuleType("fix_of_rejects")
    module.__file__ = str(path)
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except Exception as error:
        raise PipelineError(f"{path} cannot be loaded: {type(error).__name__}: {error}. Mend the file.") from error
    return module.__dict__
