"""Fates on their way into the ledger: noted as they are decided, written a document at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from lake.fates import Fate, RejectFate
from lake.positions import utc_text
from lake.stored_rejects import StoredReject

DOCUMENT_FATES = 500


@dataclass
class FateLog:
    """Who decides, and what was decided; `write` adds a document to the ledger, `counts` what is in it by now."""

    write: Callable[[list[RejectFate]], object]
    decided_by: str
    now: Callable[[], datetime]
    counts: Counter[str] = field(default_factory=Counter)
    _noted: list[RejectFate] = field(default_factory=list)

    def note(self, reject: StoredReject, fate: Fate, because: str, place: tuple[str, str, str] | None = None) -> None:
        """Decide on a reject; `place` is stream, shard and sequence of the record that was sent for it."""
        # The time is that of the decision, so that writing again after an interruption writes the same document.
        at = utc_text(self.now())
        self._noted.append(RejectFate(reject.reject_id, str(fate), at, self.decided_by, because, *(place or ())))

    @property
    def is_full(self) -> bool:
        return len(self._noted) >= DOCUMENT_FATES

    def flush(self) -> None:
        """Write what was noted."""
        if self._noted:
            self.write(self._noted)
            self.counts.update(fate.fate for fate in self._noted)
            self._noted = []


def discard_all(rejects: Iterable[StoredReject], because: str, log: FateLog, shown: Callable[[int], None]) -> None:
    """Discard rejects, document by document; what was written stays decided if the rest is interrupted."""
    for done, reject in enumerate(rejects, start=1):
        log.note(reject, Fate.DISCARDED, because)
        if log.is_full:
            log.flush()
            shown(done)
    log.flush()
