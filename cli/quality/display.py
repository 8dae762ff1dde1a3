"""What `etl expectations` prints for people."""

from __future__ import annotations

from cli.display import console, table
from contracts.expectations import DERIVED, ORIGIN
from lake.quality_results import RunKind, Severity
from quality.suites import column_text, load_suite, of_scope, severity_of, suite_names


def suite_rows() -> list[dict]:
    """A row per suite, as `--json` prints it."""
    return [_suite_row(load_suite(name)) for name in suite_names()]


def _suite_row(suite: dict) -> dict:
    every = suite["expectations"]
    return {
        "table": suite["name"],
        "expectations": len(every),
        "fail": sum(severity_of(e) == Severity.FAIL for e in every),
        "warn": sum(severity_of(e) == Severity.WARN for e in every),
        "for_batches": len(of_scope(suite, RunKind.BATCH)["expectations"]),
        "for_days": len(of_scope(suite, RunKind.DAYS)["expectations"]),
        "from_contracts": sum(e["meta"][ORIGIN] == DERIVED for e in every),
    }


def print_list(rows: list[dict]) -> None:
    """The suites as a table."""
    names = [name.replace("_", " ") for name in rows[0]]
    console().print(table(None, names, [[*row.values()] for row in rows]))


def print_suite(suite: dict, with_reasons: bool) -> None:
    """The expectations as a table, in the order of the suite."""
    out = console()
    out.print(suite["name"], style="bold")
    out.print(suite["notes"], markup=False)
    columns = ("expectation", "severity", "runs", "columns", "says", *(("why",) if with_reasons else ()))
    out.print(table(None, columns, [_expectation_row(e)[: len(columns)] for e in suite["expectations"]]))


def _expectation_row(expectation: dict) -> tuple[str, ...]:
    meta = expectation["meta"]
    runs = " + ".join(meta["scope"])
    says, why = expectation["description"], expectation["notes"]
    return meta["id"], str(severity_of(expectation)), runs, column_text(expectation) or "(table)", says, why
