"""What people wrote down about each table, and the suites that are made of it and of the contracts."""

from __future__ import annotations

from contracts.contract import Contract
from contracts.expectations import derived_expectations
from quality.rules import batches, events, ingestions, rejected_events

GREAT_EXPECTATIONS = "1.24.1"
TABLES = {"batches": batches, "events": events, "ingestions": ingestions, "rejected_events": rejected_events}


def written_suite(table: str, contracts: dict[str, Contract]) -> dict:
    """The suite of a table as `expectations/` holds it: its rules, then what the contracts say."""
    rules = TABLES[table]
    derived = [e for c in contracts.values() for e in derived_expectations(c)] if table == "events" else []
    return {
        "expectations": [*rules.RULES, *derived],
        "meta": {"great_expectations_version": GREAT_EXPECTATIONS},
        "name": table,
        "notes": rules.NOTES,
    }
