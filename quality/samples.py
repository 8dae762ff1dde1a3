"""Rows that break an expectation: a few of each, with their identity and the columns concerned, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from quality.evaluate import Rows, results

IDENTITY = ("source", "event_id")
SAMPLE_ROWS = 5
LONGEST_VALUE = 200
RESULT_FORMAT = {
    "result_format": "SUMMARY",
    "partial_unexpected_count": SAMPLE_ROWS,
    "unexpected_index_column_names": list(IDENTITY),
}


def sample_rows(rows: Rows, suite: dict, parameters: Mapping[str, object]) -> dict[str, list[dict]]:
    """By expectation the first rows that break it; none where it is of an aggregate or could not be evaluated."""
    found = results(rows, suite, parameters, RESULT_FORMAT)
    return {e["meta"]["id"]: [_as_json(row, rows.separator) for row in _broken(result)] for e, result in found}


def _broken(result: Any) -> list[dict]:
    return (result.result or {}).get("partial_unexpected_index_list") or []


def _as_json(row: dict, separator: str) -> dict[str, Any]:
    """A row as JSON can hold it; identity first."""
    ordered = [*IDENTITY, *sorted(row.keys() - set(IDENTITY))]
    return {name.replace(separator, "."): _value(row[name]) for name in ordered}


def _value(value: Any) -> Any:
    plain = value.item() if hasattr(value, "item") else value
    if plain is None or (isinstance(plain, float) and pd.isna(plain)):
        return None
    return plain if isinstance(plain, bool | int | float) else str(plain)[:LONGEST_VALUE]
