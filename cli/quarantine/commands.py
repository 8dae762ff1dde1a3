"""`etl quarantine`: batches that failed their expectations, and what is decided on them."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Batches that failed their expectations: list, show, release, reject.", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="A batch's id, or as much of it as tells it apart.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the ledger.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
StageName = Annotated[str, typer.Option("--stage", envvar="TRIBUTARY_STAGE", help="Deployed stage.")]


@app.command("list")
def list_batches(
    all_: Annotated[bool, typer.Option("--all", help="Those that were decided on as well.")] = False,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Batches that wait for a decision, oldest first."""
    from cli.connection import open_stage
    from cli.display import console, print_json
    from cli.quarantine.display import as_row, print_list
    from cli.quarantine.found import read_batches, was_kept_back
    from lake.quarantine import is_waiting

    rows = [as_row(b) for b in read_batches(open_stage(stage)) if is_waiting(b) or (all_ and was_kept_back(b))]
    if json:
        print_json(rows)
    else:
        print_list(console(), rows)


@app.command()
def show(batch: BatchId, json: Json = False, stage: StageName = "local") -> None:
    """Why a batch is kept back: failing expectations, a few rows that break each, what else is in it."""
    from cli.connection import open_stage
    from cli.display import console, print_json
    from cli.quarantine.display import as_row, print_batch
    from cli.quarantine.found import find, read_batches, read_document

    opened = open_stage(stage)
    record = find(read_batches(opened), batch)
    kept = read_document(opened, record)
    if json:
        print_json(as_row(record) | {"document": kept})
    else:
        print_batch(console(), record, kept)


@app.command()
def release(
    batch: BatchId,
    reason: Reason,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", help="Only this expectation may fail again, by its id; may be repeated."),
    ] = None,
    mended: Annotated[bool, typer.Option("--mended", help="The cause is mended: every expectation must hold.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the batch is published.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.", min=1)] = 14_400,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Run its raw objects again in a new batch, which the expectations that failed no longer stop."""
    from cli.connection import open_stage
    from cli.display import print_json
    from cli.quarantine.decide import decision_by
    from cli.quarantine.display import released_in_words
    from cli.quarantine.found import find, read_batches
    from cli.quarantine.release import accepted_ids, start, wait_for

    opened = open_stage(stage)
    record = find(read_batches(opened), batch)
    accepted = accepted_ids(record, accept or [], mended)
    started = start(opened, record, accepted, decision_by(opened, reason))
    outcome = wait_for(opened, started, timeout) if wait else None
    document = {"batch_id": record.batch_id, "released_as": started.batch_id, "accepted": accepted}
    if json:
        print_json(document | {"rows": outcome.rows if outcome else None})
    else:
        print(*released_in_words(document, outcome), sep="\n")


@app.command()
def reject(batch: BatchId, reason: Reason, json: Json = False, stage: StageName = "local") -> None:
    """Keep a batch out for good: its lines stay quarantined, and no alarm or list reminds of it."""
    from cli.connection import open_stage
    from cli.display import print_json
    from cli.quarantine import decide
    from cli.quarantine.display import as_row
    from cli.quarantine.found import find, read_batches

    opened = open_stage(stage)
    record = decide.reject(opened, find(read_batches(opened), batch), decide.decision_by(opened, reason))
    if json:
        print_json(as_row(record))
    else:
        print(
            f"{record.batch_id} is rejected: its {record.quarantined:,} lines stay out of the table.\n"
            f"`etl quarantine release {record.batch_id}` still brings them back while the raw zone has them."
        )
