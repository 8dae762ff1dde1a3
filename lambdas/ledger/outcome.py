"""The state machine's word on a batch, and where its record may lie."""

from __future__ import annotations

from datetime import date, timedelta

from contracts.errors import PipelineError
from lake.batch_outcome import NEEDED, Outcome
from lake.ledger import BatchStatus
from lake.times import read_time

# An execution ends within four hours, so a batch started yesterday at the earliest.
DAYS_BACK = 1


def read_outcome(event: dict, recorded_at: str) -> Outcome:
    """The outcome of {"batch_id", "status", "started_at"?, "error"?, "cause"?}."""
    if event["status"] not in NEEDED:
        raise PipelineError(
            f"batch {event['batch_id']}: status is {event['status']!r}; expected one of {sorted(NEEDED)}. "
            "Mend the state machine."
        )
    return Outcome(
        batch_id=event["batch_id"],
        status=BatchStatus(event["status"]),
        started_at=read_time(event["started_at"]) if event.get("started_at") else recorded_at,
        recorded_at=recorded_at,
        error=event.get("error"),
        cause=event.get("cause"),
    )


def dates_to_look_at(outcome: Outcome, manifest: dict | None) -> list[str]:
    """Dates of the ledger that may hold the batch's record, the likeliest first."""
    if manifest:
        return [manifest["batch_date"]]
    started_on = date.fromisoformat(outcome.started_at[:10])
    return [(started_on - timedelta(days=back)).isoformat() for back in range(DAYS_BACK + 1)]
