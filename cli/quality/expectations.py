"""`etl expectations`: what data must keep, and why."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="What data must keep: list the suites, show one, derive a baseline.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("list")
def list_suites(json: Json = False) -> None:
    """Suites, one per table, and how many expectations each has for batches and for whole days."""
    from cli.display import print_json
    from cli.quality.display import print_list, suite_rows

    (print_json if json else print_list)(suite_rows())


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="TABLE")],
    why: Annotated[bool, typer.Option("--why", help="Also say why each bound is there.")] = False,
    json: Json = False,
) -> None:
    """Expectations of a table: what each says, how severe a failure is, which runs look at it."""
    from cli.display import print_json
    from cli.quality.display import print_suite
    from quality.suites import load_suite

    suite = load_suite(name)
    if json:
        print_json(suite)
    else:
        print_suite(suite, why)


@app.command()
def derive(event_type: Annotated[str, typer.Argument(metavar="TYPE")]) -> None:
    """The baseline that the contract of an event type gives, as Great Expectations reads it."""
    from cli.contracts.display import named_contract
    from cli.display import print_json
    from contracts.expectations import derived_expectations

    print_json(derived_expectations(named_contract(event_type)))
