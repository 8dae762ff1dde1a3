"""A portion of messages sent until every message is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from contracts.errors import PipelineError
from lambdas.publisher.encode import Message


@dataclass(frozen=True)
class Backoff:
    """Exponential, with full jitter: each pause is a random part of the longest one allowed."""

    attempts: int = 10
    first_seconds: float = 0.1
    longest_seconds: float = 10.0

    def limit(self, attempt: int) -> float:
        """Longest pause after an attempt (counted from 0), in seconds."""
        return min(self.longest_seconds, self.first_seconds * 2**attempt)


def send(
    portion: list[Message],
    put: Callable[[list[dict]], dict],
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
    backoff: Backoff,
) -> None:
    """Send until every message is taken; `put` calls PutRecords, `jitter` gives a random part from 0 to 1."""
    pending = portion
    for attempt in range(backoff.attempts):
        results = put([message.as_entry() for message in pending])["Records"]
        pending = [m for m, result in zip(pending, results, strict=True) if "ErrorCode" in result]
        if not pending:
            return
        if attempt + 1 < backoff.attempts:
            sleep(jitter() * backoff.limit(attempt))
    codes = dict(Counter(result["ErrorCode"] for result in results if "ErrorCode" in result))
    raise PipelineError(
        f"{len(pending)} of {len(portion)} messages were not taken in {backoff.attempts} attempts: {codes}; "
        "expected all to be taken. Publish the batch again once the downstream stream has capacity."
    )
