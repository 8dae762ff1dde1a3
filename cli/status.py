"""`etl status`: does the ledger balance, what did the batches do, how far behind is the table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cli.connection import Stage
from lake.documents import read_batch_records, read_receipts
from lake.ledger import ACCOUNTED, VISIBLE, BatchRecord, BatchStatus, IngestionReceipt, balance
from lake.quarantine import is_waiting

UNSENT_SHOWN = 3


def read_summary(stage: Stage) -> dict[str, Any]:
    """The whole ledger of a stage, summed up."""
    bucket = stage.bucket("processed")
    return summary(read_receipts(stage.s3, bucket), read_batch_records(stage.s3, bucket))


def summary(receipts: list[IngestionReceipt], batches: list[BatchRecord]) -> dict[str, Any]:
    """The ledger as one document: balance, lag, batches, rejects by reason."""
    sums = balance(receipts, batches)
    return {
        "is_balanced": sums.is_balanced,
        "ingestion": {
            "records": sums.records,
            "events": sums.events,
            "raw_lines": sums.raw_lines,
            "rejects": sums.ingestion_rejects,
        },
        "batches": {
            "raw_lines": sums.batched_lines,
            "rows": sums.rows,
            "redelivered": sums.redelivered,
            "repeated": sums.repeated,
            "rejects": sums.transform_rejects,
            "quarantined": sums.quarantined,
            "published": sums.published,
        },
        "publication": {
            "rows": sums.sendable,
            "published": sums.published,
            "switched_off": sums.switched_off,
            "publish_failures": sums.publish_failures,
            "deleted_unsent": sums.deleted_unsent,
        },
        "lag": lag(receipts, batches) | {"pending_lines": pending_lines(receipts, batches)},
        "quarantine": quarantine(batches),
        "rejects_by_reason": sums.rejects_by_reason,
        "batch_list": [batch_row(batch) for batch in batches],
    }


def lag(receipts: list[IngestionReceipt], batches: list[BatchRecord]) -> dict[str, Any]:
    """Newest arrival that was read, newest that is in the table (RFC 3339 UTC), seconds between them."""
    visible = {o["key"] for batch in batches if batch.status in VISIBLE for o in batch.raw_objects}
    read = max((r.last_arrival_time for r in receipts if r.raw_key), default=None)
    committed = max((r.last_arrival_time for r in receipts if r.raw_key in visible), default=None)
    return {"read_up_to": read, "committed_up_to": committed, "seconds": seconds_between(committed, read)}


def pending_lines(receipts: list[IngestionReceipt], batches: list[BatchRecord]) -> int:
    """Raw lines that no batch has committed or kept back; lines of an object that two batches held count once."""
    settled = {o["key"] for batch in batches if batch.status in ACCOUNTED for o in batch.raw_objects}
    return sum(r.lines for r in receipts if r.raw_key and r.raw_key not in settled)


def quarantine(batches: list[BatchRecord]) -> dict[str, Any]:
    """What waits for people to decide: batches, and lines in them."""
    waiting = [batch for batch in batches if is_waiting(batch)]
    return {"waiting": [b.batch_id for b in waiting], "waiting_lines": sum(b.quarantined for b in waiting)}


def batch_row(batch: BatchRecord) -> dict[str, Any]:
    """What people ask of a batch."""
    is_over = batch.status != BatchStatus.RUNNING
    return {
        "batch_id": batch.batch_id,
        "status": str(batch.status),
        "started_at": batch.started_at,
        "raw_lines": batch.raw_lines,
        "rows": batch.rows,
        "duplicates": batch.redelivered + batch.repeated,
        "rejects": batch.rejected,
        "quarantined": batch.quarantined,
        "published": batch.published,
        "switched_off": batch.switched_off,
        "publish_failures": batch.publish_failures,
        "unsent_events": batch.unsent_events,
        "seconds": seconds_between(batch.started_at, batch.recorded_at) if is_over else None,
        "error": batch.error,
        "cause": batch.cause,
    }


def seconds_between(earlier: str | None, later: str | None) -> float | None:
    """Seconds from one RFC 3339 time to another."""
    if not earlier or not later:
        return None
    return round((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds(), 1)


def sums_in_words(document: dict) -> list[str]:
    """The three sums, spelled out."""
    ingestion, batches, publication = document["ingestion"], document["batches"], document["publication"]
    duplicates = batches["redelivered"] + batches["repeated"]
    quarantined = f" + {batches['quarantined']:,} quarantined" if batches["quarantined"] else ""
    made = batches["rows"] + duplicates + batches["rejects"] + batches["quarantined"]
    read = ingestion["raw_lines"] + ingestion["rejects"]
    return [
        f"{ingestion['events']:,} events in {ingestion['records']:,} records read {_sign(ingestion['events'], read)} "
        f"{ingestion['raw_lines']:,} raw lines + {ingestion['rejects']:,} rejects",
        f"{batches['raw_lines']:,} raw lines in committed batches {_sign(batches['raw_lines'], made)} "
        f"{batches['rows']:,} rows + {duplicates:,} duplicates + {batches['rejects']:,} rejects{quarantined}",
        _published_in_words(publication),
    ]


def _published_in_words(publication: dict) -> str:
    sent = sum(count for name, count in publication.items() if name != "rows")
    words = {"switched_off": "switched off", "publish_failures": "publish failures", "deleted_unsent": "deleted unsent"}
    others = "".join(f" + {publication[name]:,} {word}" for name, word in words.items() if publication[name])
    return (
        f"{publication['rows']:,} rows of published batches {_sign(publication['rows'], sent)} "
        f"{publication['published']:,} published{others}"
    )


def _sign(left: int, right: int) -> str:
    return "=" if left == right else "≠"


def print_status(document: dict, last: int) -> None:
    """The summary for people; the newest `last` batches."""
    from cli.display import console, table

    out = console()
    out.print("[bold]Balance[/bold]  " + ("it balances" if document["is_balanced"] else "IT DOES NOT BALANCE"))
    for line in sums_in_words(document):
        out.print(f"  {line}")
    _print_lag(out, document["lag"])
    _print_quarantine(out, document["quarantine"])
    if document["rejects_by_reason"]:
        out.print(table("Rejects", ("reason", "records"), document["rejects_by_reason"].items()))
    batches = document["batch_list"][-last:]
    if batches:
        columns = ("batch_id", "status", "raw_lines", "rows", "duplicates", "rejects", "published", "seconds")
        heads = ("batch", "status", "lines", "rows", "dup.", "rej.", "published", "s")
        out.print(table("Batches, newest last", heads, [[_cell(b, c) for c in columns] for b in batches]))
    for batch in batches:
        if batch["error"]:
            out.print(f"  {batch['batch_id']}: {batch['error']}: {batch['cause']}", markup=False, soft_wrap=True)
        if batch["publish_failures"]:
            out.print(f"  {_unsent_in_words(batch)}", markup=False, soft_wrap=True)


def _print_quarantine(out: Any, kept_back: dict) -> None:
    waiting = kept_back["waiting"]
    if waiting:
        batches = "1 batch waits" if len(waiting) == 1 else f"{len(waiting)} batches wait"
        out.print(f"[bold]Quarantine[/bold]  {batches} for a decision, {kept_back['waiting_lines']:,} lines")
        command = f"etl quarantine show {waiting[0]}" if len(waiting) == 1 else "etl quarantine list"
        out.print(f"  `{command}` says why", markup=False, soft_wrap=True)


def _unsent_in_words(batch: dict) -> str:
    events = ", ".join(f"{e['source']} {e['event_id']} ({e['reason']})" for e in batch["unsent_events"][:UNSENT_SHOWN])
    return f"{batch['batch_id']}: {batch['publish_failures']:,} rows were not published: {events}; see `etl publish -h`"


def _cell(batch: dict, column: str) -> Any:
    # Enough of the id to tell batches apart; --json has all of it.
    return batch[column][:13] if column == "batch_id" else batch[column]


def _print_lag(out: Any, behind: dict) -> None:
    if behind["read_up_to"] is None:
        out.print("[bold]Lag[/bold]      nothing was read yet")
        return
    state = f"{behind['pending_lines']:,} lines pending" if behind["pending_lines"] else "nothing pending"
    out.print(f"[bold]Lag[/bold]      {state}")
    out.print(f"  read up to arrival      {behind['read_up_to']}")
    out.print(f"  committed up to arrival {behind['committed_up_to'] or 'none'}")
