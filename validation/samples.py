"""Rows that break an expectation: their identities, and of values what cannot be a person's words."""

from __future__ import annotations

import logging
from datetime import date, datetime
from decimal import Decimal
from numbers import Number
from typing import Any

import pandas as pd

from quality.suites import columns_named

MOST_ROWS = 10
NULLS = "null"


def breaking_rows(
    frame: pd.DataFrame, expectations: list[dict], parameters: dict, identity: list[str]
) -> dict[str, list[dict]]:
    """The first rows that break each expectation, by its id; none for an expectation of an aggregate."""
    numbers = _row_numbers(frame, expectations, parameters)
    return {
        expectation["meta"]["id"]: [
            _row(frame.iloc[number], identity, list(columns_named(expectation)))
            for number in numbers.get(expectation["meta"]["id"], [])[:MOST_ROWS]
        ]
        for expectation in expectations
    }


def _row_numbers(frame: pd.DataFrame, expectations: list[dict], parameters: dict) -> dict[str, list[int]]:
    import great_expectations as gx  # five seconds, which days without a failure need not spend

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("days").add_dataframe_asset("rows")
    rows = asset.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(name="failed", expectations=expectations))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="failed", data=rows, suite=suite))
    found = definition.run(
        batch_parameters={"dataframe": frame.reset_index(drop=True)},
        expectation_parameters=parameters,
        result_format={"result_format": "COMPLETE", "partial_unexpected_count": 0},
    )
    return {r.expectation_config.meta["id"]: r.result.get("unexpected_index_list") or [] for r in found.results}


def _row(row: pd.Series, identity: list[str], columns: list[str]) -> dict[str, str]:
    shown = {name: str(row[name]) for name in identity if name in row}
    return shown | {name: in_safe_words(row[name]) for name in columns if name not in shown}


def in_safe_words(value: Any) -> str:
    """A number, a truth or a time as it is; of a text only how long it is, since people write into texts."""
    if isinstance(value, str | bytes):
        return f"text of {len(value):,} characters"
    if isinstance(value, list | tuple | dict) or (hasattr(value, "tolist") and getattr(value, "ndim", 0)):
        return f"{len(value):,} members"
    if pd.isna(value):
        return NULLS
    if isinstance(value, float):
        return f"{value:.15g}"  # a decimal that was read as a double has noise in the last digits
    if isinstance(value, bool | Number | Decimal | date | datetime) or hasattr(value, "item"):
        return str(value)
    return type(value).__name__
