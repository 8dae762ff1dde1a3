"""`etl report`: the shipped queries as one page, on a laptop and on AWS."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from cli.report.period import Period

StageName = Annotated[str, typer.Option("--stage", envvar="TRIBUTARY_STAGE", help="Deployed stage.")]


def report(
    first: Annotated[str, typer.Option("--from", help="First date, YYYY-MM-DD; a later one reads less.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last date, YYYY-MM-DD.")] = "",
    out: Annotated[Path, typer.Option(help="File to write.", dir_okay=False)] = Path("report.html"),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    stage: StageName = "local",
) -> None:
    """One HTML page from the shipped queries: events, sales, visits, quality, freshness, cost and the balance."""
    from cli.report.period import read_period

    scanned_bytes = write_report(stage, read_period(first, last), out)
    print(f"{out} ({scanned_bytes:,} bytes scanned)")
    if show:
        webbrowser.open(out.absolute().as_uri())


def write_report(stage_name: str, period: Period, out: Path) -> int:
    """Ask, draw, write; the bytes that the queries scanned."""
    from cli.connection import ROOT, open_stage
    from cli.display import phases
    from cli.query import ask_stage
    from cli.report.answers import ask_all, queries_of, texts_of
    from cli.report.page import report_page
    from contracts.contract import load_contracts

    stage = open_stage(stage_name)
    stage.handed_over("work-group-name")  # read once, before several threads ask for it
    with phases() as shown:
        answers = ask_all(partial(ask_stage, stage), texts_of(ROOT, queries_of(load_contracts()), period), shown.update)
    copies = copied(stage, (row["report_uri"] for row in answers["newest_quality_reports"]), out)
    html = report_page(answers, period, stage_name, f"{datetime.now(UTC):%Y-%m-%d %H:%M}", copies)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding="utf-8")
    return answers.scanned_bytes


def copied(stage, uris: Iterable[str], out: Path) -> dict[str, str]:
    """Copies of reports beside the page, by S3 address; of the local AWS only, which forgets them once it stops."""
    from cli.connection import LOCAL
    from lake.layout import split_uri

    if stage.name != LOCAL:
        return {}
    folder, found = out.with_name(f"{out.stem}-data-quality"), {}
    for uri in uris:
        bucket, key = split_uri(uri)
        folder.mkdir(parents=True, exist_ok=True)
        stage.s3.download_file(bucket, key, str(folder / PurePosixPath(key).name))
        found[uri] = f"{folder.name}/{PurePosixPath(key).name}"
    return found


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)
