"""`etl contracts`: what events may say, and whether a change of it is safe."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="What events may say: list, show, check, and start a contract.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("list")
def list_contracts(json: Json = False) -> None:
    """Event types with version, number of fields and description."""
    from cli.contracts.display import print_list
    from cli.display import print_json
    from contracts.contract import load_contracts
    from contracts.field_rows import field_rows

    rows = [
        {
            "event_type": name,
            "version": str(contract.version),
            "fields": len(field_rows(contract)),
            "description": contract.document.get("description", ""),
        }
        for name, contract in load_contracts().items()
    ]
    (print_json if json else print_list)(rows)


@app.command()
def show(event_type: Annotated[str, typer.Argument(metavar="TYPE")], json: Json = False) -> None:
    """Fields of an event type, and an event as a producer sends it."""
    from dataclasses import asdict

    from cli.contracts.display import named_contract, print_contract
    from cli.display import print_json
    from contracts.examples import example_event
    from contracts.field_rows import field_rows

    contract = named_contract(event_type)
    if not json:
        print_contract(contract)
        return
    head = {name: contract.document.get(name) for name in ("$id", "description")}
    fields = [asdict(row) for row in field_rows(contract)]
    print_json(head | {"fields": fields, "example": example_event(contract)})


@app.command()
def check(
    against: Annotated[str, typer.Option(metavar="REF", help="A commit, branch or tag to compare with.")] = "",
    against_main: Annotated[
        bool, typer.Option("--against-main", help="Compare with what the main branch last had, if this clone has it.")
    ] = False,
    json: Json = False,
) -> None:
    """Exit with 1 if a contract cannot be stored, or breaks what an earlier one promised."""
    from cli.connection import ROOT
    from cli.contracts.check import checked
    from cli.contracts.display import print_check
    from cli.contracts.git import main_reference
    from cli.display import print_json
    from contracts.errors import PipelineError

    if against and against_main:
        raise PipelineError("both --against and --against-main are given; expected one of them. Leave one out.")
    reference, why = main_reference(ROOT) if against_main else (against or None, against)
    result = checked(ROOT, reference)
    if against_main and reference is None:
        result.notes.append(f"compared with no earlier commit: {why}")
    if json:
        print_json(result.as_json())
    else:
        print_check(result, why)
    raise typer.Exit(int(not result.is_sound))


@app.command()
def new(
    event_type: Annotated[str, typer.Argument(metavar="TYPE", help="Lower case letters, digits, underscores.")],
    sample: Annotated[str, typer.Option("--from", metavar="SAMPLE", help="NDJSON, plain or gzip, or - for stdin.")],
    enums: Annotated[bool, typer.Option("--enums", help="Take few values that repeat for all there are.")] = False,
) -> None:
    """Write a first contract from sample lines: data, or CloudEvents of the type."""
    from cli.connection import ROOT
    from cli.contracts.display import print_new
    from cli.contracts.new import new_contract

    print_new(ROOT, *new_contract(ROOT, event_type, sample, enums))
