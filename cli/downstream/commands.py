"""Commands of the downstream stream: publish, tail."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
StageName = Annotated[str, typer.Option("--stage", envvar="TRIBUTARY_STAGE", help="Deployed stage.")]


def publish(
    batch: Annotated[str, typer.Option(help="Id of a committed batch.")] = "",
    all_unpublished: Annotated[bool, typer.Option("--all-unpublished", help="Every batch with rows unsent.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.", min=1)] = 600,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Send committed rows that are not downstream: left unsent, or refused before. Exit code 1 where some stay."""
    from cli.connection import open_stage
    from cli.display import print_json
    from cli.downstream.publish import in_words, is_sound, run

    outcomes = run(open_stage(stage), batch, all_unpublished, timeout)
    if json:
        print_json(outcomes)
    else:
        print(in_words(outcomes))
    raise typer.Exit(int(not is_sound(outcomes)))


def tail(
    event_type: Annotated[
        list[str] | None, typer.Option("--type", help="Of this type; more than once: of any.")
    ] = None,
    source: Annotated[str, typer.Option(help="From this source.")] = "",
    subject: Annotated[str, typer.Option(help="About this subject.")] = "",
    where: Annotated[
        list[str] | None, typer.Option(help="FIELD=VALUE in `data`, such as items.product_id=p00012; all must hold.")
    ] = None,
    since: Annotated[str, typer.Option(help="30s, 10m, 2h, 1d ago, or a time such as 2026-11-22T10:00:00Z.")] = "0s",
    limit: Annotated[int, typer.Option(help="Stop after so many; 0 for never.", min=0)] = 0,
    follow: Annotated[bool, typer.Option(help="Go on until interrupted, or stop at the stream's end.")] = True,
    json: Annotated[bool, typer.Option("--json", help="An event a line, as it is on the stream.")] = False,
    stage: StageName = "local",
) -> None:
    """Follow the downstream stream, all of its shards; Ctrl-C ends it."""
    from cli.connection import open_stage
    from cli.downstream.tail import Filter, read_where, run

    is_wanted = Filter(frozenset(event_type or ()), source, subject, read_where(where or ()))
    run(open_stage(stage), is_wanted, since, limit, follow, json)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (publish, tail):
        app.command()(command)
