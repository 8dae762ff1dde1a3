"""One validation of whole days: what it is asked, and where what it leaves lies."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

from contracts.errors import ConfigurationError
from lake.layout import validation_key
from validation.tables import dated_table

HISTORY_DAYS = 7
MOST_DAYS = 366
# What becomes a key and a folder name may hold nothing that means something there.
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
OF_DAYS = "days-"


@dataclass(frozen=True)
class Place:
    """Names that the stacks handed over."""

    database: str
    work_group: str
    processed_bucket: str
    reports_bucket: str


@dataclass(frozen=True)
class Run:
    """Parameters of the notebook. Dates are YYYY-MM-DD (UTC), both included; `validated_at` is RFC 3339.

    A run with the same id writes the same keys, so that a repetition overwrites its own; one without an id, which is
    a notebook opened by hand, leaves nothing. `suite` is a file, "" for the table's own.
    """

    run_id: str
    run_date: str
    validated_at: str
    table: str
    zone: str
    date_from: str
    date_to: str
    suite: str
    history_days: int
    database: str
    work_group: str
    processed_bucket: str
    reports_bucket: str

    @property
    def days(self) -> list[str]:
        """The days that are validated, oldest first."""
        return days_between(self.date_from, self.date_to)

    @property
    def days_before(self) -> list[str]:
        """The days that they are compared with."""
        first = date.fromisoformat(self.date_from)
        return [(first - timedelta(days=n)).isoformat() for n in range(self.history_days, 0, -1)]

    @property
    def report_uri(self) -> str:
        return f"s3://{self.reports_bucket}/{self.key('.html')}"

    def key(self, suffix: str) -> str:
        """Where a thing of this run lies in the reports bucket."""
        return validation_key(self.run_date, self.run_id, suffix)

    def parameters(self) -> dict:
        return asdict(self)


def days_between(first: str, last: str) -> list[str]:
    """Every date from the first to the last; ConfigurationError where they are none."""
    begin, end = read_date("date_from", first), read_date("date_to", last)
    if end < begin or (end - begin).days >= MOST_DAYS:
        raise ConfigurationError(
            f"the days are {first} to {last}; expected the first date first and {MOST_DAYS} days at most. "
            "Ask for them in order, a year at a time."
        )
    return [(begin + timedelta(days=n)).isoformat() for n in range((end - begin).days + 1)]


def read_date(name: str, text: str) -> date:
    """A date written as YYYY-MM-DD."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise ConfigurationError(f"{name} is {text!r}; expected a date such as 2026-11-22.")
    return found


def read_time(name: str, text: str, now: datetime) -> datetime:
    """The time that a run was due, to the second; now where none is given."""
    try:
        return (datetime.fromisoformat(text).astimezone(UTC) if text else now).replace(microsecond=0)
    except ValueError:
        raise ConfigurationError(f"{name} is {text!r}; expected a time such as 2026-11-22T03:30:00Z.") from None


def new_run(place: Place, table: str, zone: str, dates: tuple[str, str], at: datetime, **more) -> Run:
    """The run that was asked for at a time; asked again for the same time, it has the same id."""
    at = at.astimezone(UTC)
    days_between(*dates)
    run_id = more.get("run_id") or f"{OF_DAYS}{table}-{dates[0]}-{dates[1]}-{at:%Y%m%dT%H%M%SZ}"
    if not RUN_ID.fullmatch(run_id):
        raise ConfigurationError(
            f"run id {run_id!r} cannot be part of a key; expected letters, digits, dots, hyphens and underscores."
        )
    return Run(
        run_id=run_id,
        run_date=more.get("run_date") or at.date().isoformat(),
        validated_at=at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        table=table,
        zone=dated_table(table, zone).zone,
        date_from=dates[0],
        date_to=dates[1],
        suite=more.get("suite", ""),
        history_days=more.get("history_days", HISTORY_DAYS),
        **asdict(place),
    )
