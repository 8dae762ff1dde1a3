"""The commands for rejects: `etl rejects`, `etl replay`, `etl discard`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RefusedBy = Annotated[list[str] | None, typer.Option("--refused-by", help="ingestion or transform; may be repeated.")]
Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Refused for this reason; may be repeated.")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Of this event type, - for none; may be repeated.")]
Ids = Annotated[list[str] | None, typer.Option("--id", help="The reject of this id; may be repeated.")]
First = Annotated[str, typer.Option("--from", help="Arrived on this UTC day or later (YYYY-MM-DD).")]
Last = Annotated[str, typer.Option("--to", help="Arrived on this UTC day or earlier.")]
ShowOriginal = Annotated[
    bool, typer.Option("--show-original", help="Samples with their bytes, which may hold personal data.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
StageName = Annotated[str, typer.Option("--stage", envvar="TRIBUTARY_STAGE", help="Deployed stage.")]


def rejects(
    refused_by: RefusedBy = None,
    reason: Reasons = None,
    event_type: Types = None,
    first: First = "",
    last: Last = "",
    reject_id: Ids = None,
    fate: Annotated[str, typer.Option(help="open, replayed, fixed, discarded or all.")] = "open",
    samples: Annotated[int, typer.Option(help="Samples to show of each stage and reason.", min=0)] = 0,
    show_original: ShowOriginal = False,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """What was refused and is still open: counts, and samples with what was found and what to do."""
    from datetime import UTC, datetime

    from cli.connection import open_stage
    from cli.display import console, print_json
    from cli.rejects.found import selection_of
    from cli.rejects.replay_command import find
    from cli.rejects.summary import as_json, chosen_fates, overview, print_overview

    wanted = chosen_fates(fate)
    selection = selection_of(refused_by or (), reason or (), event_type or (), first, last, reject_id or ())
    # Asked for by its id, a reject is shown.
    seen = overview(find(open_stage(stage), selection), wanted, samples or int(bool(reject_id or show_original)))
    if json:
        print_json(as_json(seen, datetime.now(UTC), show_original))
    else:
        print_overview(console(), seen, wanted, datetime.now(UTC), show_original)


def replay(
    refused_by: RefusedBy = None,
    reason: Reasons = None,
    event_type: Types = None,
    first: First = "",
    last: Last = "",
    reject_id: Ids = None,
    fix: Annotated[Path | None, typer.Option(help="A Python file with fix(event, reject) -> bytes or None.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send them; without it nothing happens.")] = False,
    send_refused: Annotated[bool, typer.Option("--all", help="Send those too that would be refused again.")] = False,
    because: Annotated[str, typer.Option(help="Why, for the ledger.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all of it is accounted for.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.", min=1)] = 600,
    samples: Annotated[int, typer.Option(help="Samples to show of each reason for refusal.", min=0)] = 1,
    show_original: ShowOriginal = False,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Send open rejects back to the ingest stream, as they are or as a fix makes them; a dry run by default."""
    from cli.connection import open_stage
    from cli.rejects.found import selection_of
    from cli.rejects.replay_command import Options, run

    selection = selection_of(refused_by or (), reason or (), event_type or (), first, last, reject_id or ())
    timeout_seconds = timeout if wait else None
    options = Options(fix, send, send_refused, because, timeout_seconds, samples, show_original, json)
    run(open_stage(stage), selection, options)


def discard(
    because: Annotated[str, typer.Option(help="Why, for the ledger.")],
    refused_by: RefusedBy = None,
    reason: Reasons = None,
    event_type: Types = None,
    first: First = "",
    last: Last = "",
    reject_id: Ids = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing happens.")] = False,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Give open rejects up: they are no longer open, their bytes stay as long as the error zone keeps them."""
    from cli.connection import open_stage
    from cli.rejects.discard import run
    from cli.rejects.found import selection_of

    selection = selection_of(refused_by or (), reason or (), event_type or (), first, last, reject_id or ())
    run(open_stage(stage), selection, because, yes, json)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (rejects, replay, discard):
        app.command()(command)
