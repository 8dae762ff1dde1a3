"""Rejects of a deployed stage, each with its fate, as they lay when the command began."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from contracts.errors import PipelineError
from lake import documents, fates, layout, stored_rejects
from lake.fates import Fate
from lake.ledger import VISIBLE
from lake.rejects import Reason, Stage
from lake.stored_rejects import Selection, StoredReject

REJECT_ID = re.compile(r"[0-9a-f]{32}")
# A fate or a batch is never older than the record's arrival, but by what clocks differ.
MARGIN = timedelta(days=1)


class FoundRejects:
    """Rejects that a selection wants. Objects are listed once: what a replay makes of its records is not among them."""

    def __init__(self, s3: Any, error_bucket: str, processed_bucket: str, selection: Selection) -> None:
        self._s3, self._bucket, self._selection = s3, error_bucket, selection
        self._keys = list(documents.reject_keys(s3, error_bucket, selection))
        since = _day_before(selection.first_date)
        # Fates after the keys: what was decided meanwhile is then not taken for open.
        self._fates = fates.latest(documents.read_reject_fates(s3, processed_bucket, since)) if self._keys else {}
        self._visible = self._visible_batches(processed_bucket, since)

    def __iter__(self) -> Iterator[StoredReject]:
        rejects = documents.read_rejects(self._s3, self._bucket, self._keys, self._selection)
        return stored_rejects.counted(rejects, self._visible)

    def open(self) -> Iterator[StoredReject]:
        """Those that nobody decided on."""
        return (reject for reject in self if self.fate(reject) == Fate.OPEN)

    def fate(self, reject: StoredReject) -> Fate:
        decided = self._fates.get(reject.reject_id)
        return Fate(decided.fate) if decided else Fate.OPEN

    def _visible_batches(self, bucket: str, since: str) -> frozenset[str]:
        if not any(layout.partition_values(key)["stage"] == Stage.TRANSFORM for key in self._keys):
            return frozenset()
        records = documents.read_batch_records(self._s3, bucket, since)
        return frozenset(record.batch_id for record in records if record.status in VISIBLE)


def selection_of(
    refused_by: Iterable[str], reasons: Iterable[str], types: Iterable[str], first: str, last: str, ids: Iterable[str]
) -> Selection:
    """The selection that a command's options ask for; PipelineError where one says nothing sensible."""
    return Selection(
        stages=_known("--refused-by", refused_by, Stage),
        reasons=_known("--reason", reasons, Reason),
        event_types=frozenset(types),
        reject_ids=_reject_ids(ids),
        first_date=_day("--from", first),
        last_date=_day("--to", last) or Selection.last_date,
    )


def _known(option: str, values: Iterable[str], known: Iterable[str]) -> frozenset[str]:
    unknown = sorted(set(values) - {str(value) for value in known})
    if unknown:
        raise PipelineError(
            f"{option} is {unknown[0]!r}; expected one of {', '.join(known)}. `etl rejects` counts them."
        )
    return frozenset(values)


def _reject_ids(ids: Iterable[str]) -> frozenset[str]:
    for reject_id in ids:
        if not REJECT_ID.fullmatch(reject_id):
            raise PipelineError(
                f"--id is {reject_id!r}; expected 32 hex digits, as `etl rejects --samples 3` shows them."
            )
    return frozenset(ids)


def _day(option: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise PipelineError(f"{option} is {text!r}; expected a UTC day of arrival as YYYY-MM-DD.") from None


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - MARGIN).isoformat() if day else ""
