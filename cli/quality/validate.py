"""`etl validate`: whole days of a table validated by the notebook that the schedule runs, in a kernel of its own."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.connection import ROOT, Stage
from contracts.errors import PipelineError
from lake.layout import split_uri
from lake.quality_results import read_results
from validation.execute import Outcome, execute
from validation.run import Place, Run, new_run

NOTEBOOK = ROOT / "notebooks/40_validate_days.ipynb"
DAY_LINE = re.compile(r"\d{4}-\d{2}-\d{2}: ")


def plan(stage: Stage, table: str, dates: tuple[str, str], suite: Path | None, history_days: int, at: datetime) -> Run:
    """The run that is asked for; the suite is found from where the command is."""
    if suite and not suite.is_file():
        raise PipelineError(f"--suite {suite} is no file; expected one as in expectations/. Name one that is there.")
    place = Place(
        stage.handed_over("database-name"),
        stage.handed_over("work-group-name"),
        stage.bucket("processed"),
        stage.bucket("reports"),
    )
    more: dict[str, Any] = {"suite": str(suite.resolve()) if suite else "", "history_days": history_days}
    return new_run(place, table, "", dates, at, **more)


def validate(stage: Stage, run: Run, shows_progress: bool) -> dict[str, Any]:
    """Execute the run and tell of it: status, results by day, where everything lies, the report as a file here."""
    os.environ["STAGE"] = stage.name
    with day_lines(shows_progress):
        outcome = execute(stage.s3, run, NOTEBOOK, ROOT, progress_of(run) if shows_progress else False)
    return asdict(outcome) | {
        "run_id": run.run_id,
        "days": days_of(stage, run) if outcome.status != "broken" else [],
        "file": str(downloaded(stage, run, outcome)),
    }


def progress_of(run: Run) -> dict[str, Any]:
    return {"desc": f"{run.table} {run.date_from} to {run.date_to}", "unit": "cell", "leave": False, "file": sys.stderr}


@contextmanager
def day_lines(shows_progress: bool) -> Iterator[None]:
    """Pass on what the notebook says of each day, above the bar."""
    logger, handler = logging.getLogger("papermill"), _DayLines()
    handler.setLevel(logging.INFO if shows_progress else logging.CRITICAL)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before


class _DayLines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        for line in filter(DAY_LINE.match, record.getMessage().splitlines()):
            tqdm.write(line, file=sys.stderr)


def days_of(stage: Stage, run: Run) -> list[dict[str, Any]]:
    """Verdict by day, from the results as they are stored."""
    stored = read_results(stage.s3, run.processed_bucket, run.run_date, run.run_date, run.run_id)
    results = list(stored)
    days = []
    for day in run.days:
        mine = [result for result in results if result.data_date == day]
        broken = [result.severity for result in mine if not result.success]
        rows = mine[0].row_count if mine else 0
        verdict = "fail" if "fail" in broken else "warn" if broken else "pass" if rows else "no rows"
        days.append({"day": day, "verdict": verdict, "rows": rows, "held": len(mine) - len(broken), "of": len(mine)})
    return days


def downloaded(stage: Stage, run: Run, outcome: Outcome) -> Path:
    """The page to read, beside the local state: the report, or of a broken run its notebook."""
    from local.lifecycle import state_folder

    bucket, key = split_uri(outcome.report_uri or outcome.page_uri)
    path = state_folder(ROOT) / "reports" / Path(key).name
    path.parent.mkdir(parents=True, exist_ok=True)
    stage.s3.download_file(bucket, key, str(path))
    return path


def print_outcome(told: dict[str, Any]) -> None:
    """The verdict by day, and where everything lies."""
    from cli.display import console, table

    out = console()
    if told["days"]:
        rows = [(d["day"], d["verdict"], d["rows"], f"{d['held']} of {d['of']}") for d in told["days"]]
        out.print(table(None, ("day", "verdict", "rows", "expectations held"), rows))
    if told["error"]:
        out.print(told["error"], markup=False, soft_wrap=True)
    for name in ("report_uri", "page_uri", "evidence_uri"):
        if told[name]:
            out.print(told[name], markup=False, soft_wrap=True)
    out.print(told["file"], markup=False, soft_wrap=True)
