"""`etl reconcile`: what the schedule does, at once."""

from __future__ import annotations

import json

from cli.connection import Stage
from contracts.errors import PipelineError

WORDS = {
    "StartBatch": "batches started with raw objects that no batch held",
    "Republish": "batches published again",
    "RecordCommitted": "batches recorded as committed",
    "RecordFailed": "batches recorded as failed",
    "GiveUp": "raw objects given up after too many attempts",
    "NotDone": "actions that could not be taken; `etl logs reconciliation` says why",
}


def run(stage: Stage) -> dict[str, int]:
    """Invoke the function; how many actions of each kind it took."""
    function = stage.handed_over("reconciliation-function-arn")
    answer = stage.client("lambda").invoke(FunctionName=function, Payload=b'{"by_hand": true}')
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise PipelineError(
            f"reconciliation failed: {payload.get('errorType')}: {payload.get('errorMessage')}. "
            "Run `etl logs reconciliation` for more."
        )
    return payload


def in_words(done: dict[str, int]) -> str:
    """`1 batches started …`, or that there was nothing to do."""
    told = [f"{count} {WORDS.get(name, name)}" for name, count in done.items() if count]
    return "\n".join(told) or "Nothing to do: every raw object is held by a batch."
