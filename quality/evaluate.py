"""A suite of expectations, run over rows by Great Expectations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from contracts.errors import ConfigurationError
from contracts.expectations import ORIGIN
from quality.suites import column_text, severity_of, with_separator
from quality.verdict import Verdict

# Counts only: examples of what was found would carry data into a document that people pass on.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
# To Spark a dot in a name leads into a struct. This means nothing to it, and no name in a contract has it.
SPARK_SEPARATOR = "/"

Told = Callable[[object], None]


@dataclass(frozen=True)
class Rows:
    """Flat rows as Great Expectations takes them; `separator` is in its names of columns what the dot is in ours."""

    batch: Any
    separator: str = "."


def evaluate(
    frame: pd.DataFrame, suite: dict, parameters: Mapping[str, object], told: Told | None = None
) -> list[Verdict]:
    """The verdicts, in the order of the suite; `parameters` are what its $PARAMETERs stand for.

    `told` is given the result as Great Expectations has it.
    """
    return verdicts(pandas_rows(frame), suite, parameters, told)


def pandas_rows(frame: pd.DataFrame) -> Rows:
    """Rows that are validated in this process."""
    return Rows(_batch(_sources().add_pandas("rows"), frame))


def spark_rows(frame: Any) -> Rows:
    """Rows of a Spark frame with SPARK_SEPARATOR in its names; it is asked more than once, so persist it before."""
    return Rows(_batch(_sources().add_spark("rows", persist=False), frame), SPARK_SEPARATOR)


def _sources():
    import great_expectations as gx  # five seconds, which a batch without rows need not spend

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context.data_sources


def _batch(source, frame):
    whole = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    return whole.get_batch(batch_parameters={"dataframe": frame})


def verdicts(rows: Rows, suite: dict, parameters: Mapping[str, object], told: Told | None = None) -> list[Verdict]:
    """The verdicts on these rows, in the order of the suite."""
    return [_verdict(*pair) for pair in results(rows, suite, parameters, RESULT_FORMAT, told)]


def results(
    rows: Rows, suite: dict, parameters: Mapping[str, object], result_format: dict, told: Told | None = None
) -> Iterator[tuple[dict, object]]:
    """Each expectation with its result, in the order of the suite."""
    asked = _expectations(with_separator(suite, rows.separator))
    found = rows.batch.validate(asked, expectation_parameters=dict(parameters), result_format=result_format)
    if told:
        told(found)
    return _in_order(suite, found.results)


def _expectations(suite: dict):
    import great_expectations as gx

    made = gx.ExpectationSuite(**suite)
    # Great Expectations logs an expectation that does not exist and goes on without it.
    if len(made.expectations) != len(suite["expectations"]):
        raise ConfigurationError(
            f"Suite {suite['name']}: Great Expectations reads {len(made.expectations)} of "
            f"{len(suite['expectations'])} expectations. Mend the type or severity of the others; its log names them."
        )
    return made


def _in_order(suite: dict, results: list) -> Iterator[tuple[dict, object]]:
    """Each expectation with its result: Great Expectations sorts results by column."""
    by_id = {result.expectation_config.meta["id"]: result for result in results}
    return ((expectation, by_id[expectation["meta"]["id"]]) for expectation in suite["expectations"])


def _verdict(expectation: dict, result) -> Verdict:
    raised = _raised(result.exception_info or {})
    evaluated, unexpected, observed = _figures(result.result)
    return Verdict(
        expectation["type"],
        column_text(expectation),
        expectation["description"],
        expectation["notes"],
        severity_of(expectation),
        # An aggregate of no values is neither within bounds nor outside of them.
        bool(result.success) or (not raised and evaluated is None and observed is None),
        f"could not be evaluated: {raised}" if raised else _found(evaluated, unexpected, observed),
        expectation["meta"]["id"],
        expectation["meta"][ORIGIN],
        evaluated,
        unexpected,
        observed,
    )


def _figures(result: dict) -> tuple[int | None, int | None, str | None]:
    """Values looked at, of them those that break it, and the aggregate as text."""
    if "unexpected_count" in result:
        evaluated = result["element_count"] - (result.get("missing_count") or 0)
        return int(evaluated), int(result["unexpected_count"]), None
    observed = result.get("observed_value")
    return None, None, None if observed is None else f"{observed:.12g}"


def _found(evaluated: int | None, unexpected: int | None, observed: str | None) -> str:
    if evaluated:
        return f"{unexpected:,} of {evaluated:,} values break it"
    return "no values to check" if observed is None else f"it is {float(observed):,.6g}"


def _raised(info: dict) -> str:
    """The message of an exception; Great Expectations keeps one, or one per metric."""
    entries = [info] if "raised_exception" in info else info.values()
    return next((entry["exception_message"] for entry in entries if entry["raised_exception"]), "")
