"""A suite of expectations, run over one batch by Great Expectations."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from contracts.errors import ConfigurationError

CRITICAL = "critical"
# Counts only: examples of what was found would carry data into a document that people pass on.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class Verdict:
    """One expectation and what came of it; `found` counts values and never shows one."""

    expectation: str
    column: str
    description: str
    notes: str
    severity: str
    success: bool
    found: str

    @property
    def stops_the_batch(self) -> bool:
        return not self.success and self.severity == CRITICAL


def columns_of(suite: dict) -> list[str]:
    """Flat columns that the suite looks at."""
    return sorted({column for expectation in suite["expectations"] for column in _columns(expectation["kwargs"])})


def _columns(kwargs: dict) -> Iterator[str]:
    yield from kwargs.get("column_list", [])
    if "column" in kwargs:
        yield kwargs["column"]
    if "row_condition" in kwargs:
        yield kwargs["row_condition"]["column"]["name"]


def evaluate(frame: pd.DataFrame, suite: dict, parameters: dict[str, list]) -> list[Verdict]:
    """The verdicts, in the order of the suite; `parameters` are what its $PARAMETERs stand for."""
    import great_expectations as gx  # five seconds, which a batch without rows need not spend

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("batch")
    batch = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    expectations = context.suites.add(_expectations(gx, suite))
    definition = gx.ValidationDefinition(name=suite["name"], data=batch, suite=expectations)
    result = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": frame}, expectation_parameters=parameters, result_format=RESULT_FORMAT
    )
    return [_verdict(expectation, found) for expectation, found in _in_order(suite, result.results)]


def _expectations(gx, suite: dict):
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
    by_description = {result.expectation_config.description: result for result in results}
    return ((expectation, by_description[expectation["description"]]) for expectation in suite["expectations"])


def _verdict(expectation: dict, result) -> Verdict:
    kwargs = expectation["kwargs"]
    return Verdict(
        expectation["type"],
        " + ".join(kwargs.get("column_list") or [kwargs["column"]]),
        expectation["description"],
        expectation["notes"],
        expectation["severity"],
        bool(result.success),
        _found(result),
    )


def _found(result) -> str:
    raised = _raised(result.exception_info or {})
    if raised:
        return f"could not be evaluated: {raised}"
    values = result.result["element_count"] - result.result.get("missing_count", 0)
    return f"{result.result['unexpected_count']:,} of {values:,} values break it" if values else "no values to check"


def _raised(info: dict) -> str:
    """The message of an exception; Great Expectations keeps one, or one per metric."""
    entries = [info] if "raised_exception" in info else info.values()
    return next((entry["exception_message"] for entry in entries if entry["raised_exception"]), "")
