"""What an answer of the function means for a batch, and what is tried next. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from local.pollers.stream_records import WaitingRecord
from local.pollers.stream_settings import StreamSettings

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
AGE_EXCEEDED = "RecordAgeExceeded"


@dataclass(frozen=True)
class Attempt:
    """Records to deliver together, and how often that was tried."""

    records: Sequence[WaitingRecord]
    retries: int = 0
    invokes: int = 0


@dataclass(frozen=True)
class NextSteps:
    """What a failed attempt leaves: attempts still to make, in order, or records to give up."""

    attempts: list[Attempt]
    given_up: Attempt | None = None


def first_failed(payload: bytes, records: Sequence[WaitingRecord]) -> int | None:
    """Index of the lowest failed record that ReportBatchItemFailures names; None for success, 0 for all.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    failures = _reported(payload)
    if not failures:
        return None
    if not isinstance(failures, list):
        return 0
    index_of = {record.sequence: index for index, record in enumerate(records)}
    return min(index_of.get(_identifier(failure), 0) for failure in failures)


def _reported(payload: bytes) -> object:
    answer = json.loads(payload) if payload.strip() else None
    return answer.get("batchItemFailures") if isinstance(answer, dict) else None


def _identifier(failure: object) -> str:
    return str(failure.get("itemIdentifier")) if isinstance(failure, dict) else ""


def without_expired(attempt: Attempt, now: float, max_age_seconds: int | None) -> tuple[Attempt, Attempt]:
    """The attempt's records that are too old, and the rest; records come in order of arrival."""
    if max_age_seconds is None:
        return Attempt([]), attempt
    oldest = now - max_age_seconds
    cut = next((i for i, r in enumerate(attempt.records) if r.arrived_at >= oldest), len(attempt.records))
    return _part(attempt, 0, cut), _part(attempt, cut, len(attempt.records))


def after_failure(attempt: Attempt, failed_from: int, settings: StreamSettings) -> NextSteps:
    """What to try after the records from `failed_from` on have failed.

    A bisection costs no retry; a partial failure with bisection is cut at the reported record.
    """
    failed = _part(attempt, failed_from, len(attempt.records))
    if settings.bisects and failed_from > 0:
        return NextSteps([_tried(failed, counts=False)])
    if settings.bisects and len(failed.records) > 1:
        return NextSteps(_halves(_tried(failed, counts=False)))
    if settings.max_retries is not None and attempt.retries >= settings.max_retries:
        return NextSteps([], given_up=_tried(failed, counts=False))
    return NextSteps([_tried(failed, counts=True)])


def _part(attempt: Attempt, start: int, end: int) -> Attempt:
    return Attempt(attempt.records[start:end], attempt.retries, attempt.invokes)


def _tried(attempt: Attempt, counts: bool) -> Attempt:
    return Attempt(attempt.records, attempt.retries + counts, attempt.invokes + 1)


def _halves(attempt: Attempt) -> list[Attempt]:
    middle = (len(attempt.records) + 1) // 2
    return [_part(attempt, 0, middle), _part(attempt, middle, len(attempt.records))]
