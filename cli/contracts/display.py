"""What `etl contracts` prints for people."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cli.contracts.check import Result
from cli.display import console, table
from contracts.annotations import WORDS_ONLY
from contracts.contract import Contract, load_contracts
from contracts.errors import PipelineError
from contracts.examples import example_event
from contracts.field_rows import field_rows
from contracts.samples import Sample


def named_contract(event_type: str) -> Contract:
    """The contract of a type; PipelineError names those that there are."""
    contracts = load_contracts()
    if event_type not in contracts:
        raise PipelineError(
            f"there is no contract of {event_type!r}; expected one of {', '.join(contracts)}. Name one, or start it "
            f"with `etl contracts new {event_type} --from SAMPLE`."
        )
    return contracts[event_type]


def print_list(rows: list[dict]) -> None:
    """The event types as a table."""
    console().print(table(None, ("event type", "version", "fields", "description"), [[*r.values()] for r in rows]))


def print_contract(contract: Contract) -> None:
    """Fields as a table, and the example."""
    out = console()
    out.print(f"{contract.event_type} {contract.version}", style="bold")
    out.print(contract.document.get("description", ""), markup=False)
    rows = [
        (r.path, r.type.replace("`", ""), "yes" if r.is_required else "", r.unit, r.pii, r.description)
        for r in field_rows(contract)
    ]
    out.print(table(None, ("path", "type", "required", "unit", "pii", "description"), rows))
    print(json.dumps(example_event(contract), ensure_ascii=False, indent=2))


def print_check(result: Result, why: str) -> None:
    """What was checked on stdout; what is refused on stderr."""
    if result.against:
        print(f"compared with {result.against[:12]}{'' if result.against == why else f', {why}'}")
    for note in result.notes:
        print(note)
    for change in result.changes:
        if change.kind != WORDS_ONLY:
            print(change.in_words(), file=sys.stdout if change.is_accepted else sys.stderr)
    if in_words := sum(change.kind == WORDS_ONLY for change in result.changes):
        print(f"accepted: other words in {counted(in_words, 'place')} (titles, descriptions, examples, defaults)")
    for refusal in result.refusals:
        print(f"REFUSED: {refusal}", file=sys.stderr)
    versions = ", ".join(f"{name} {contract.version}" for name, contract in result.contracts.items())
    print(f"{counted(len(result.contracts), 'contract')} can be stored and validated: {versions}")


def print_new(root: Path, path: Path, sample: Sample, guesses: list[str]) -> None:
    """Where the contract is, what was guessed, and what to do next."""
    others = f" ({counted(sample.other_types, 'line')} of other types passed over)" if sample.other_types else ""
    print(f"{path.relative_to(root)} accepts the {counted(len(sample.data), 'line')} of the sample{others}.")
    for guess in guesses:
        print(f"  guessed: {guess}")
    print(
        "Next: describe the event and each field, tighten the bounds, mark personal data (x-pii), then `make export`."
    )


def counted(count: int, noun: str) -> str:
    """`1 line`, `2,000 lines`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
