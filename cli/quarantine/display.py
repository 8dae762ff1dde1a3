"""Batches in quarantine, as people see them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.markup import escape

from cli.display import table
from lake.ledger import BatchRecord
from lake.quarantine import is_releasable

IDENTITY = ("source", "event_id")
LISTED = ("batch_id", "status", "started_at", "lines", "failed_expectations")


def as_row(record: BatchRecord) -> dict[str, Any]:
    """What people ask of a batch that is kept back."""
    kept = (
        "batch_id",
        "status",
        "started_at",
        "failed_expectations",
        "report_uri",
        "quarantine_uri",
        "release",
        "decisions",
    )
    whole = asdict(record)
    return {name: whole[name] for name in kept} | {"lines": record.raw_lines, "cause": record.cause}


def print_list(out: Any, rows: list[dict]) -> None:
    """A line per batch."""
    if not rows:
        out.print("Nothing is in quarantine.")
        return
    cells = [[row[name] for name in LISTED[:-1]] + [", ".join(row["failed_expectations"])] for row in rows]
    out.print(table(None, ("batch", "status", "started (UTC)", "lines", "failed"), cells))
    out.print("`etl quarantine show BATCH` has rows that failed; then `release` or `reject` it.", markup=False)


def print_batch(out: Any, record: BatchRecord, kept: dict | None) -> None:
    """Everything that is known of a batch, and what can be done."""
    out.print(
        f"[bold]{record.batch_id}[/bold]  {record.status}, started {record.started_at}, {record.raw_lines:,} lines"
    )
    for decision in record.decisions:
        out.print(f"  {_decision_in_words(decision)}", markup=False, soft_wrap=True)
    if kept is None:
        out.print(f"Its document has expired. The ledger says: {record.cause}", markup=False, soft_wrap=True)
    else:
        _print_document(out, kept)
    if is_releasable(record):
        out.print(_choices(record.batch_id), markup=False, soft_wrap=True)


def _decision_in_words(decision: dict) -> str:
    run_as = f" as {decision['released_as']}" if decision["released_as"] else ""
    return (
        f"{decision['decision']}{run_as} at {decision['decided_at']} by {decision['decided_by']}: {decision['because']}"
    )


def _print_document(out: Any, kept: dict) -> None:
    out.print(f"  report {kept['report_uri']}", markup=False, soft_wrap=True)
    for failed in kept["failed"]:
        out.print(
            f"\n[bold red]failed[/bold red] {escape(failed['expectation_id'])}: {escape(failed['found'])}",
            soft_wrap=True,
        )
        out.print(f"  {failed['description']}", markup=False, soft_wrap=True)
        if failed["samples"]:
            columns = [*IDENTITY, *sorted(failed["samples"][0].keys() - set(IDENTITY))]
            out.print(table(None, columns, [[row[name] for name in columns] for row in failed["samples"]]))
    for warned in kept["warnings"]:
        out.print(f"\nwarned {warned['expectation_id']}: {warned['found']}", markup=False, soft_wrap=True)
    counts = [(c["event_type"], c["event_date"], c["rows"]) for c in kept["counts"]]
    out.print()
    out.print(table("Rows in it", ("event type", "event date", "rows"), counts))


def released_in_words(document: dict, outcome: BatchRecord | None) -> list[str]:
    """What was started, and what came of it."""
    accepted = ", ".join(document["accepted"]) or "nothing: every expectation must hold"
    lines = [f"{document['batch_id']} is released as {document['released_as']}; accepted: {accepted}"]
    if outcome is None:
        return [*lines, "`etl status` follows it."]
    duplicates = outcome.redelivered + outcome.repeated
    return [
        *lines,
        f"{outcome.raw_lines:,} raw lines = {outcome.rows:,} rows + {duplicates:,} duplicates + "
        f"{outcome.rejected:,} rejects; {outcome.published:,} published",
    ]


def _choices(batch_id: str) -> str:
    release = f"etl quarantine release {batch_id} --reason"
    return (
        f"\n{release} '…'            # the data is right: what failed no longer stops it\n"
        f"{release} '…' --mended   # the cause is mended: everything must hold\n"
        f"etl quarantine reject {batch_id} --reason '…'             # it stays out"
    )
