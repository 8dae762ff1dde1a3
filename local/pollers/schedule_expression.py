"""When a schedule is due: rate(...), cron(...) and at(...) of EventBridge Scheduler. Pure."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from local.pollers.cron import next_match, parse_cron

EXPRESSION = re.compile(r"^(rate|cron|at)\((.+)\)$")
RATE = re.compile(r"^(\d+) (minute|hour|day)s?$")


def next_due(expression: str, zone: str, started: datetime, after: datetime) -> datetime | None:
    """The first time later than `after` (UTC) at which the schedule fires; None if it never does again.

    A rate counts from `started`; the other two are read in the schedule's time zone.
    """
    kind, inside = _parts(expression)
    if kind == "rate":
        return _next_of_rate(inside, started, after)
    if kind == "at":
        due = datetime.fromisoformat(inside).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        return due if due > after else None
    local = next_match(parse_cron(inside), after.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if local else None


def _parts(expression: str) -> tuple[str, str]:
    match = EXPRESSION.match(expression.strip())
    if not match:
        raise ValueError(f"schedule expression {expression!r}: expected rate(...), cron(...) or at(...)")
    return match[1], match[2].strip()


def _next_of_rate(inside: str, started: datetime, after: datetime) -> datetime:
    match = RATE.match(inside)
    if not match or int(match[1]) == 0:
        raise ValueError(f"rate({inside}): expected for example rate(5 minutes), rate(1 hour)")
    interval = timedelta(**{f"{match[2]}s": int(match[1])})
    passed = (after - started) // interval
    return started + (max(passed, 0) + 1) * interval
