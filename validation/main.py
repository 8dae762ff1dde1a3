"""Fargate task: whole days of tables validated by the notebook; report, results and evidence are kept.

Without dates it is the day before the one it was scheduled for.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3

from contracts.errors import ConfigurationError, PipelineError
from lake.settings import required, whole_number
from validation.execute import Outcome, execute
from validation.run import HISTORY_DAYS, Place, Run, new_run, read_time

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks/40_validate_days.ipynb"
NAMESPACE = "Tributary"
EXIT_NOT_SOUND, EXIT_MISCONFIGURED, EXIT_BROKEN = 1, 2, 3
EXIT_TERMINATED = 128 + signal.SIGTERM
logger = logging.getLogger("validation")


@dataclass(frozen=True)
class Settings:
    """What is validated, and for which time it was asked."""

    place: Place
    service: str
    tables: list[str]
    date_from: str
    date_to: str
    suite: str
    history_days: int
    at: datetime

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], now: datetime) -> Settings:
        at = read_time("environment variable SCHEDULED_TIME", environment.get("SCHEDULED_TIME", ""), now)
        yesterday = (at - timedelta(days=1)).date().isoformat()
        date_from = environment.get("DATE_FROM") or yesterday
        return cls(
            Place(*(required(environment, name.upper()) for name in Place.__dataclass_fields__)),
            required(environment, "SERVICE_NAME"),
            required(environment, "TABLES").split(","),
            date_from,
            environment.get("DATE_TO") or max(date_from, yesterday),
            environment.get("SUITE", ""),
            whole_number(environment, "HISTORY_DAYS", HISTORY_DAYS),
            at,
        )

    def runs(self) -> list[Run]:
        """A run a table; started again for the same time, it is the same run."""
        dates, more = (self.date_from, self.date_to), {"suite": self.suite, "history_days": self.history_days}
        return [new_run(self.place, table, "", dates, self.at, **more) for table in self.tables]


def validate(settings: Settings) -> int:
    """Validate table after table, each whatever came of the one before; the worst exit status."""
    s3, cloudwatch = boto3.client("s3"), boto3.client("cloudwatch")
    worst = 0
    for run in settings.runs():
        outcome = execute(s3, run, NOTEBOOK, ROOT)
        count(cloudwatch, settings.service, outcome)
        logger.info("%s %s: %s", run.run_id, outcome.status, outcome.report_uri or outcome.page_uri)
        if outcome.error:
            logger.error("%s", outcome.error)
        worst = max(worst, {"passed": 0, "failed": EXIT_NOT_SOUND, "broken": EXIT_BROKEN}[outcome.status])
    return worst


def count(cloudwatch, service: str, outcome: Outcome) -> None:
    """Metrics of the alarms: that a run came to its end, and whether it was sound."""
    dimensions = [{"Name": "service", "Value": service}]
    values = {"ValidationRuns": 1, "ValidationRunFailed": int(outcome.status != "passed")}
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": "Count"}
            for name, value in values.items()
        ],
    )


def stopped(*_: object) -> None:
    """End at once: the next run of the same time starts from the beginning."""
    sys.exit(EXIT_TERMINATED)


def main() -> int:
    """Exit status: 0 sound, 1 an expectation failed, 2 misconfigured, 3 the notebook broke, 143 stopped by SIGTERM."""
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", stream=sys.stdout)
    for name in ("validation", "papermill"):
        logging.getLogger(name).setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, stopped)
    try:
        return validate(Settings.from_environment(os.environ, datetime.now(UTC)))
    except PipelineError as error:
        print(error, file=sys.stderr)
        return EXIT_MISCONFIGURED if isinstance(error, ConfigurationError) else EXIT_BROKEN


if __name__ == "__main__":
    sys.exit(main())
