"""What is asked of a batch before anyone can read its rows, and what came of it, whatever engine was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from contracts.errors import PipelineError
from lake.quality_results import RunKind
from quality.evaluate import Rows, verdicts
from quality.members import Contracts
from quality.samples import sample_rows
from quality.suites import load_suite, of_scope, only
from quality.verdict import Verdict

TABLE = "events"
NAME = "evaluation"


@dataclass(frozen=True)
class Evaluation:
    """Verdicts in the order of the suite, and by expectation that stops the batch a few of the rows that break it."""

    rows: int
    verdicts: list[Verdict]
    samples: dict[str, list[dict]]

    def as_document(self, batch_id: str) -> dict[str, Any]:
        """What a job leaves for the function that goes on with it."""
        return {"batch_id": batch_id, **asdict(self)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any], rows: int) -> Evaluation:
        """What a job left; PipelineError where it is not of as many rows as the batch has."""
        if document["rows"] != rows:
            raise PipelineError(
                f"the evaluation of batch {document['batch_id']} is of {document['rows']:,} rows; expected {rows:,}, "
                "which its data files have. Run the batch again."
            )
        return cls(rows, [Verdict(**verdict) for verdict in document["verdicts"]], document["samples"])


@cache
def suite() -> dict:
    """The suite of every batch."""
    return of_scope(load_suite(TABLE), RunKind.BATCH)


def parameters(manifest: Mapping[str, Any], contracts: Contracts) -> dict[str, list]:
    """What the suite's $PARAMETERs stand for; rows of a backfill keep the batch that they came with."""
    batch_ids = (manifest.get("replaces") or {}).get("batch_ids", [manifest["batch_id"]])
    return {"event_types": sorted(contracts), "batch_ids": batch_ids}


def evaluate_batch(rows: Rows, count: int, given: Mapping[str, list]) -> Evaluation:
    """Ask the suite of these flat rows, and show some of those that stop the batch."""
    found = verdicts(rows, suite(), given)
    stopping = {verdict.expectation_id for verdict in found if verdict.stops_the_batch}
    samples = sample_rows(rows, only(suite(), stopping), given) if stopping else {}
    return Evaluation(count, found, samples)
