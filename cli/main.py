"""The `etl` command: a thin face over the rooms."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.contracts.commands import app as contracts_app
from cli.downstream.commands import register as register_stream_commands
from cli.quality.commands import register as register_quality_commands
from cli.quality.expectations import app as expectations_app
from cli.quarantine.commands import app as quarantine_app
from cli.rejects.commands import register as register_reject_commands
from cli.report.command import register as register_report
from cli.table.commands import register as register_lake_commands

app = typer.Typer(
    help="Events in, rows out: the pipeline on a laptop and on AWS.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(contracts_app, name="contracts")
app.add_typer(expectations_app, name="expectations")
app.add_typer(quarantine_app, name="quarantine")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
StageName = Annotated[str, typer.Option("--stage", envvar="TRIBUTARY_STAGE", help="Deployed stage.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait at most.", min=1)]


def _told(what: str, happens: str) -> None:
    # CloudFormation's own states, such as CREATE_COMPLETE, say nothing that "created" does not.
    if not happens.isupper():
        print(f"{what}: {happens}", file=sys.stderr, flush=True)


@app.command()
def up(port: Annotated[int | None, typer.Option(help="Port of the local AWS; else one that is free.")] = None) -> None:
    """Start the local AWS and deploy every stack."""
    from cli.up import bring_up

    _, is_new = bring_up(port, _told)
    print("The local AWS is up." if is_new else "The local AWS is up already.", "Try `etl demo` or `etl status`.")


@app.command()
def down() -> None:
    """Stop the local AWS; what it stored is forgotten."""
    from cli.connection import ROOT
    from local import lifecycle

    print("The local AWS is stopped." if lifecycle.stop(ROOT) else "The local AWS was not running.")


@app.command()
def env(json: Json = False) -> None:
    """Variables that point boto3, awswrangler, the AWS CLI and Jupyter at the local AWS."""
    from cli.connection import ROOT
    from cli.display import print_json
    from cli.exports import as_exports
    from local import lifecycle

    variables = lifecycle.connection(ROOT)
    if json:
        print_json(variables)
    else:
        print(as_exports(variables))


@app.command()
def generate(
    events: Annotated[int, typer.Option(help="Lines to write.", min=1)] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed, other events.")] = 7,
    start: Annotated[str, typer.Option(help="The events spread over the 24 hours after it.")] = "2026-11-02T00:00:00Z",
    out: Annotated[str, typer.Option(help="A file, or - for stdout.")] = "-",
) -> None:
    """Shop events as NDJSON, some of them broken, repeated or late: the same bytes for the same options."""
    from cli.shop.generate import in_words, start_of, write_events

    kinds = write_events(out, events, seed, start_of(start))
    print(in_words(kinds), file=sys.stderr)


@app.command()
def send(
    file: Annotated[str, typer.Argument(help="NDJSON, plain or gzip, or - for stdin: CloudEvents as they are.")] = "",
    event_type: Annotated[str, typer.Option("--type", help="Wrap each line as an event of this type.")] = "",
    source: Annotated[str, typer.Option(help="… from this source.")] = "",
    time_field: Annotated[str, typer.Option(help="… with the event time in this field.")] = "",
    id_field: Annotated[str, typer.Option(help="… and the id in this one; else it is derived from the line.")] = "",
    record: Annotated[list[Path] | None, typer.Option(help="Send a file's bytes as one record, untouched.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all of it is accounted for.")] = False,
    timeout: Timeout = 600,
    json: Json = False,
    stage: StageName = "local",
) -> None:
    """Send events to the ingest stream."""
    from cli.sending.commands import run

    run(file, [event_type, source, time_field, id_field], record or [], timeout if wait else None, json, stage)


@app.command()
def status(
    json: Json = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if the ledger does not balance.")] = False,
    last: Annotated[int, typer.Option(help="Batches to show.", min=1)] = 10,
    stage: StageName = "local",
) -> None:
    """Batches, lag and the balance."""
    from cli.connection import open_stage
    from cli.display import print_json
    from cli.status import print_status, read_summary

    document = read_summary(open_stage(stage))
    if json:
        print_json(document)
    else:
        print_status(document, last)
    raise typer.Exit(int(check and not document["is_balanced"]))


register_reject_commands(app)
register_lake_commands(app)
register_stream_commands(app)
register_report(app)
register_quality_commands(app)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="A query in Athena's dialect, a .sql file, or - for stdin.")],
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    limit: Annotated[
        int | None, typer.Option(help="Rows at most; 0 for all.  [default: 100, all as JSON or CSV]")
    ] = None,
    stage: StageName = "local",
) -> None:
    """Ask events, rejected_events, reject_fates, batches, ingestions and dq_results, or the view of an event type."""
    from cli.connection import open_stage
    from cli.display import print_json
    from cli.query import ask_stage, print_answer, print_csv, statement

    rows = limit if limit is not None else 0 if json or csv else 100
    answer = ask_stage(open_stage(stage), statement(sql), rows)
    if json:
        print_json(answer.typed())
    else:
        (print_csv if csv else print_answer)(answer)


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="A unit, such as ingestion or transform; none lists them.")] = "",
    since: Annotated[str, typer.Option(help="How far back: 30s, 10m, 2h, 1d.")] = "10m",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted.")] = False,
    stage: StageName = "local",
) -> None:
    """What every function, job and task said."""
    from cli.connection import open_stage
    from cli.logs import print_logs, print_units

    opened = open_stage(stage)
    if name:
        print_logs(opened, name, since, follow)
    else:
        print_units(opened)


@app.command()
def reconcile(json: Json = False, stage: StageName = "local") -> None:
    """Run again, now, what failed or was lost, however often it failed before."""
    from cli.connection import open_stage
    from cli.display import print_json
    from cli.reconcile import in_words, run

    done = run(open_stage(stage))
    if json:
        print_json(done)
    else:
        print(in_words(done))


@app.command()
def deploy(stage: Annotated[str, typer.Option(help="A stage of infra/stages/.")]) -> None:
    """Create or update every stack of a stage, with the credentials of the environment."""
    from cli.connection import PROJECT, ROOT, new_session, point_to_local_aws
    from cli.deployment import deploy as stacks

    point_to_local_aws(stage)
    outcomes = stacks.deploy(new_session(), stage, PROJECT, ROOT, _told)
    print(", ".join(f"{name} {outcome}" for name, outcome in outcomes.items()))


@app.command()
def demo(
    events: Annotated[int, typer.Option(help="Events to send.", min=1)] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed, other events.")] = 7,
    timeout: Timeout = 600,
) -> None:
    """Events the whole way on the local AWS, and what became of them."""
    from cli.demo import run, tell
    from cli.up import bring_up

    stage, _ = bring_up(None, _told)
    complaints = tell(stage, run(stage, events, seed, timeout))
    for complaint in complaints:
        print(f"\nNOT SOUND: {complaint}", file=sys.stderr)
    raise typer.Exit(int(bool(complaints)))


def main() -> None:
    """Entry point: an error we know is one sentence and exit code 1."""
    from contracts.errors import PipelineError

    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Exception as error:
        if not isinstance(error, PipelineError) and not type(error).__module__.startswith("botocore."):
            raise
        print_error(str(error))
        sys.exit(1)


def print_error(text: str) -> None:
    """One sentence, red on a terminal."""
    red, plain = ("\033[31m", "\033[0m") if sys.stderr.isatty() else ("", "")
    print(f"{red}etl: {text}{plain}", file=sys.stderr)


if __name__ == "__main__":
    main()
