"""Commands about data quality: `etl validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
StageName = Annotated[str, typer.Option("--stage", envvar="TRIBUTARY_STAGE", help="Deployed stage.")]


def validate(
    first: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.  [default: the first]")] = "",
    table: Annotated[str, typer.Option(help="Table to validate.")] = "events",
    suite: Annotated[Path | None, typer.Option(help="A suite of yours.  [default: the table's own]")] = None,
    history_days: Annotated[int, typer.Option(help="Days before, to compare with.", min=0, max=90)] = 7,
    due: Annotated[
        str, typer.Option(help="Run again as the run that was due at this time (RFC 3339), and overwrite what it left.")
    ] = "",
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Validate whole days that are visible; exit 1 where an expectation of severity fail does not hold."""
    from datetime import UTC, datetime

    from cli.connection import open_stage
    from cli.display import print_json
    from cli.quality import validate as days
    from validation.run import read_time

    run_of = (table, (first, last or first), suite, history_days, read_time("--due", due, datetime.now(UTC)))
    opened = open_stage(stage)
    told = days.validate(opened, days.plan(opened, *run_of), shows_progress=not json)
    if json:
        print_json(told)
    else:
        days.print_outcome(told)
    raise typer.Exit(int(told["status"] != "passed"))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(validate)
