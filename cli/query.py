"""`etl query`: SQL by Athena's API."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.connection import Stage
from contracts.errors import PipelineError

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0
RUNNING = ("QUEUED", "RUNNING")
WHOLE = frozenset({"tinyint", "smallint", "integer", "bigint"})
FLOATING = frozenset({"float", "double", "real"})


@dataclass(frozen=True)
class Answer:
    """Rows as Athena gives them, texts and nulls, and what they cost."""

    columns: list[str]
    types: list[str]
    rows: list[list[str | None]]
    is_cut: bool
    scanned_bytes: int
    seconds: float

    def typed(self) -> list[dict[str, Any]]:
        """Rows as JSON objects; decimals and times stay texts, so that no digit is lost."""
        return [
            {name: as_json(value, kind) for name, kind, value in zip(self.columns, self.types, row, strict=True)}
            for row in self.rows
        ]


def as_json(text: str | None, athena_type: str) -> Any:
    """A value of Athena as JSON has it."""
    if text is None:
        return None
    if athena_type in WHOLE:
        return int(text)
    if athena_type in FLOATING:
        return float(text)
    return text == "true" if athena_type == "boolean" else text


def statement(given: str) -> str:
    """The statement itself, or that of a `.sql` file, or of stdin (-); PipelineError where there is no such file."""
    if given == "-":
        return sys.stdin.read()
    if not given.endswith(".sql") or any(c.isspace() for c in given):
        return given
    if not Path(given).is_file():
        raise PipelineError(
            f"there is no file {given}; expected SQL, a file of it, or -. See athena_queries/README.md."
        )
    return Path(given).read_text(encoding="utf-8")


def ask_stage(stage: Stage, sql: str, limit: int = 0) -> Answer:
    """The answer of a stage's tables."""
    names = stage.handed_over("database-name"), stage.handed_over("work-group-name")
    return ask(stage.client("athena"), sql, *names, limit)


def ask(athena: Any, sql: str, database: str, work_group: str, limit: int = 0) -> Answer:
    """The answer to a query, its first `limit` rows (0: all); PipelineError with Athena's words if it fails."""
    query_id = _started(athena, sql, database, work_group)
    execution = finished(lambda: athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"], time.sleep)
    statistics = execution.get("Statistics", {})
    columns, rows, is_cut = _rows(athena, query_id, limit)
    return Answer(
        columns=[column["Name"] for column in columns],
        types=[column["Type"] for column in columns],
        rows=rows,
        is_cut=is_cut,
        scanned_bytes=statistics.get("DataScannedInBytes", 0),
        seconds=statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
    )


def _started(athena: Any, sql: str, database: str, work_group: str) -> str:
    context = {"Database": database}
    try:
        started = athena.start_query_execution(QueryString=sql, QueryExecutionContext=context, WorkGroup=work_group)
    except athena.exceptions.InvalidRequestException as error:
        raise PipelineError(f"the query was refused: {error.response['Error']['Message']}") from None
    return started["QueryExecutionId"]


def finished(execution: Callable[[], dict], sleep: Callable[[float], None]) -> dict:
    """The execution once it has succeeded."""
    pause = FIRST_PAUSE_SECONDS
    while (found := execution())["Status"]["State"] in RUNNING:
        sleep(pause)
        pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)
    status = found["Status"]
    if status["State"] != "SUCCEEDED":
        reason = status.get("StateChangeReason", "no reason given")
        raise PipelineError(f"the query {status['State'].lower()}: {reason}")
    return found


def _rows(athena: Any, query_id: str, limit: int) -> tuple[list[dict], list[list[str | None]], bool]:
    columns, rows, has_header = [], [], True
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
        columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        found = list(_texts(page))
        # A SELECT's first row repeats the column names; DESCRIBE and SHOW have no such row.
        if has_header and found and found[0] == [column["Name"] for column in columns]:
            found = found[1:]
        has_header = False
        rows += found
        if limit and len(rows) > limit:
            return columns, rows[:limit], True
    return columns, rows, False


def _texts(page: dict) -> Iterator[list[str | None]]:
    for row in page["ResultSet"]["Rows"]:
        yield [cell.get("VarCharValue") for cell in row["Data"]]


def print_answer(answer: Answer) -> None:
    """The answer as a table, or row by row where that would not fit."""
    from cli.display import console, rows_or_records

    out = console()
    rows = [[_cell(value, kind) for value, kind in zip(row, answer.types, strict=True)] for row in answer.rows]
    out.print(rows_or_records(out, answer.columns, rows))
    cut = " shown, there are more (--limit 0 for all)" if answer.is_cut else ""
    out.print(
        f"{len(rows):,} row{'' if len(rows) == 1 else 's'}{cut} · "
        f"{answer.scanned_bytes:,} bytes scanned · {answer.seconds:.1f} s",
        style="dim",
    )


def print_csv(answer: Answer) -> None:
    """The answer as CSV; null is an empty field."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)


def _cell(text: str | None, athena_type: str) -> Any:
    return as_json(text, athena_type) if athena_type in WHOLE else text
