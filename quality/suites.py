"""Suites as they lie in `expectations/`: one per table, in Great Expectations' own form.

`meta` of an expectation holds its `id`, its `origin`, the `scope` of runs that it is for and, where its bounds follow
from days before, `history`: see `quality.history`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from importlib.resources import files
from typing import Any

from contracts.errors import ConfigurationError
from lake.quality_results import RunKind, Severity

# Beside this package also where it lies in a zip, as in Glue.
FOLDER = files("quality").parent / "expectations"
# Great Expectations' own words for what a failure does.
SEVERITIES = {"critical": Severity.FAIL, "warning": Severity.WARN}


def suite_names() -> list[str]:
    """Tables that have a suite."""
    return sorted(file.name.removesuffix(".json") for file in FOLDER.iterdir() if file.name.endswith(".json"))


def load_suite(table: str) -> dict:
    """The suite of a table; ConfigurationError names those that there are."""
    file = FOLDER / f"{table}.json"
    if not file.is_file():
        raise ConfigurationError(
            f"there is no suite of the table {table!r}; expected one of {', '.join(suite_names())}. Name one, or write "
            "its rules in quality/rules/."
        )
    return json.loads(file.read_text(encoding="utf-8"))


def of_scope(suite: dict, run_kind: RunKind) -> dict:
    """The suite with only what this kind of run looks at."""
    wanted = [e for e in suite["expectations"] if run_kind in e["meta"]["scope"]]
    return suite | {"expectations": wanted}


def only(suite: dict, ids: Collection[str]) -> dict:
    """The suite with these expectations alone."""
    return suite | {"expectations": [e for e in suite["expectations"] if e["meta"]["id"] in ids]}


def columns_of(suite: dict) -> list[str]:
    """Flat columns that the suite looks at."""
    return sorted({column for expectation in suite["expectations"] for column in columns_named(expectation)})


def columns_named(expectation: dict) -> Iterator[str]:
    """The columns of one expectation, the one of its condition last; none where it is of the table."""
    kwargs = expectation["kwargs"]
    yield from kwargs.get("column_list", [])
    yield from (kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs)
    if "row_condition" in kwargs:
        yield kwargs["row_condition"]["column"]["name"]


def with_separator(suite: dict, separator: str) -> dict:
    """The suite with this separator instead of the dot in the names of columns."""
    return suite | {"expectations": [e | {"kwargs": _renamed(e["kwargs"], separator)} for e in suite["expectations"]]}


def _renamed(kwargs: dict[str, Any], separator: str) -> dict[str, Any]:
    def new(name: str) -> str:
        return name.replace(".", separator)

    named = {name: new(kwargs[name]) for name in ("column", "column_A", "column_B") if name in kwargs}
    if "column_list" in kwargs:
        named["column_list"] = [new(name) for name in kwargs["column_list"]]
    if "row_condition" in kwargs:
        condition = kwargs["row_condition"]
        named["row_condition"] = condition | {"column": {"name": new(condition["column"]["name"])}}
    return kwargs | named


def severity_of(expectation: dict) -> Severity:
    """What a failure does, in the words of everything but Great Expectations."""
    return SEVERITIES[expectation["severity"]]


def column_text(expectation: dict) -> str:
    """The columns that the expectation is of, for people; "" where it is of the table."""
    kwargs = expectation["kwargs"]
    condition = {kwargs["row_condition"]["column"]["name"]} if "row_condition" in kwargs else set()
    return " + ".join(column for column in columns_named(expectation) if column not in condition)
