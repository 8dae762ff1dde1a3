"""What a batch's publication consists of, and which function call sends what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from contracts.errors import PipelineError
from lambdas.publisher.progress import Progress

# Each share is some eight events of an execution's history, which may have 25,000.
SHARES_AT_ONCE = 400
FAILURES_TOLD = 100


@dataclass(frozen=True)
class Part:
    """A data file, all of whose rows have one type; or, without `uri`, the batch's rows of a type wherever they lie."""

    number: int
    event_type: str
    rows: int
    uri: str | None = None


@dataclass(frozen=True)
class Plan:
    """The parts in order; without a snapshot there are none."""

    batch_id: str
    snapshot_id: str | None
    parts: list[Part]

    def as_document(self) -> dict:
        return asdict(self)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)


def read_plan(document: dict) -> Plan:
    """The plan from its document."""
    return Plan(**document | {"parts": [Part(**part) for part in document["parts"]]})


def plan_files(batch_id: str, snapshot_id: str, files: Iterable[tuple[str, str, int]]) -> Plan:
    """A plan of data files as they were committed, each given as (URI, event type, rows)."""
    parts = [Part(number, event_type, rows, uri) for number, (uri, event_type, rows) in enumerate(sorted(files))]
    return Plan(batch_id, snapshot_id, parts)


def plan_rewritten(batch_id: str, snapshot_id: str, rows_by_type: Mapping[str, int]) -> Plan:
    """A plan for rows whose files may have been rewritten: they are looked for by batch in a later snapshot."""
    parts = [Part(number, kind, rows) for number, (kind, rows) in enumerate(sorted(rows_by_type.items()))]
    return Plan(batch_id, snapshot_id, parts)


def left(plan: Plan, progress: Mapping[int, Progress], again: bool) -> list[Part]:
    """Parts that are not done; with `again` also those with rows that failed."""
    return [part for part in plan.parts if _is_left(progress.get(part.number), again)]


def _is_left(progress: Progress | None, again: bool) -> bool:
    return progress is None or not progress.is_done or bool(again and progress.failed)


def shares(parts: list[Part], rows_per_share: int) -> list[list[int]]:
    """Numbers of parts for one call each: a large part alone, small ones together."""
    found: list[list[int]] = []
    room = 0
    for part in parts:
        if not found or part.rows > room:
            found.append([])
            room = rows_per_share
        found[-1].append(part.number)
        room -= part.rows
    return found[:SHARES_AT_ONCE]


def publication(plan: Plan, progress: Mapping[int, Progress]) -> dict:
    """What the ledger is told of a batch that is published; PipelineError where rows are unaccounted for."""
    done = [progress[part.number] for part in plan.parts]
    failed = [failure for p in done for failure in p.failed]
    counts = {
        "published": sum(p.published for p in done),
        "switched_off": sum(p.switched_off for p in done),
        "publish_failures": len(failed),
        "deleted_unsent": sum(part.rows - progress[part.number].rows_done for part in plan.parts),
    }
    if sum(counts.values()) != plan.rows or counts["deleted_unsent"] < 0:
        raise PipelineError(
            f"batch {plan.batch_id}: {plan.rows} rows, but {counts}; expected them to add up. "
            "Compare the batch's checkpoints with the plan of its publication."
        )
    told = [{"source": f.source, "event_id": f.event_id, "reason": f.reason} for f in failed[:FAILURES_TOLD]]
    return {"batch_id": plan.batch_id, "rows": plan.rows, **counts, "unsent_events": told}
