"""Commands that keep the lake: `etl maintain`, `etl history`, `etl backfill`."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
StageName = Annotated[str, typer.Option("--stage", envvar="TRIBUTARY_STAGE", help="Deployed stage.")]


def maintain(
    target_mb: Annotated[int, typer.Option(help="Size that small data files are gathered into, in MB.", min=1)] = 64,
    keep_days: Annotated[int, typer.Option(help="Days that a snapshot can be read.", min=1)] = 7,
    keep_snapshots: Annotated[int, typer.Option(help="Newest snapshots to keep in any case.", min=1)] = 1,
    orphan_days: Annotated[int, typer.Option(help="Age at which a file no snapshot names is deleted.", min=1)] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Compact the table's files, forget old snapshots, delete orphans; proves that no row changed."""
    from datetime import timedelta

    from cli.connection import open_stage
    from cli.display import phases, print_json
    from cli.table.maintain import Wanted
    from cli.table.maintain import maintain as run
    from cli.table.maintain_display import print_report
    from lake.expiry import Retention

    retention = Retention(timedelta(days=keep_days), keep_snapshots)
    wanted = Wanted(target_mb * 1024**2, retention, timedelta(days=orphan_days), dry_run)
    with phases() as shown:
        report = run(open_stage(stage), wanted, shown.update)
    if json:
        print_json(report)
    else:
        print_report(report)


def history(
    batches: Annotated[bool, typer.Option("--batches", help="Only snapshots that made a batch visible.")] = False,
    last: Annotated[int, typer.Option(help="Snapshots to show, the newest; 0 for all.", min=0)] = 20,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """The table's snapshots: when, by what, which rows and files; read one with FOR TIMESTAMP AS OF in a query."""
    from cli.connection import open_stage
    from cli.display import print_json
    from cli.table.history import print_history, read_history

    found = read_history(open_stage(stage), batches)[-last:]
    if json:
        print_json(found)
    else:
        print_history(found)


def backfill(
    first: Annotated[str, typer.Option("--from", help="First event date, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last event date, YYYY-MM-DD.")],
    event_type: Annotated[list[str] | None, typer.Option("--type", help="Of this event type; may be repeated.")] = None,
    allow_rejects: Annotated[
        bool, typer.Option("--allow-rejects", help="Rows that today's rules refuse become rejects.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.", min=1)] = 14_400,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Compute partitions again from the raw zone with today's rules, and replace them in one commit."""
    from dataclasses import asdict

    from cli.connection import open_stage
    from cli.display import phases, print_json
    from cli.table import backfill as backfills
    from contracts.contract import load_contracts

    scope = backfills.read_scope(first, last, event_type or [], load_contracts())
    opened = open_stage(stage)
    with phases() as shown:
        request = backfills.plan(opened, scope, allow_rejects, shown.update)
        shown.say(f"{request.backfill_id}: {len(request.objects):,} raw objects of {len(request.batch_ids):,} batches")
        record = backfills.wait(opened, request, backfills.start(opened, request), timeout)
    if json:
        print_json(asdict(record))
    else:
        print(*backfills.in_words(record), sep="\n")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (maintain, history, backfill):
        app.command()(command)
