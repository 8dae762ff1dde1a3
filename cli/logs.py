"""`etl logs`: what every function, job and task said, from CloudWatch Logs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cli.connection import Stage
from contracts.errors import PipelineError

SPAN = re.compile(r"(?P<number>\d+)(?P<unit>[smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FOLLOW_PAUSE_SECONDS = 1.0
# Units are called by what they do for a batch, not by what the service calls the group.
ALIASES = {"process-events/output": "transform", "process-events/error": "transform-errors"}


def group_prefixes(project: str, stage: str) -> list[str]:
    """Where the stage's log groups lie."""
    name = f"{project}-{stage}-"
    return [f"/aws/lambda/{name}", f"/aws-glue/jobs/{name}", f"/ecs/{name}", "/aws/vendedlogs/"]


def unit_of(log_group: str, project: str, stage: str) -> str | None:
    """`/aws/lambda/tributary-local-ingestion` -> `ingestion`; None for a group of another stage."""
    _, found, unit = log_group.partition(f"/{project}-{stage}-")
    return ALIASES.get(unit, unit.replace("/", "-")) if found else None


def units(logs: Any, project: str, stage: str) -> dict[str, str]:
    """Log groups by unit, in alphabetical order."""
    groups = (g["logGroupName"] for p in group_prefixes(project, stage) for g in _groups(logs, p))
    found = {unit_of(group, project, stage): group for group in groups}
    return {unit: found[unit] for unit in sorted(filter(None, found))}


def chosen(found: dict[str, str], name: str) -> dict[str, str]:
    """The units of that name, or whose name begins with it."""
    matching = {name: found[name]} if name in found else {u: g for u, g in found.items() if u.startswith(name)}
    if not matching:
        raise PipelineError(f"there are no logs of {name!r}; there are those of {', '.join(found) or 'nothing'}.")
    return matching


def seconds_of(span: str) -> int:
    """`10m` -> 600."""
    match = SPAN.fullmatch(span)
    if not match:
        raise PipelineError(f"--since is {span!r}; expected a number and s, m, h or d, such as 10m.")
    return int(match["number"]) * SECONDS[match["unit"]]


def lines(logs: Any, groups: dict[str, str], since_ms: int) -> list[dict]:
    """Events of all groups since a time (milliseconds since 1970), oldest first."""
    events = [event | {"unit": unit} for unit, group in groups.items() for event in _events(logs, group, since_ms)]
    return sorted(events, key=lambda event: event["timestamp"])


def followed(logs: Any, groups: dict[str, str], since_ms: int) -> Iterator[dict]:
    """Events as they come, each once."""
    seen: set[str] = set()
    while True:
        for event in lines(logs, groups, since_ms):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                yield event
        time.sleep(FOLLOW_PAUSE_SECONDS)


def as_text(event: dict, with_unit: bool) -> str:
    """One event as a line: time of day in UTC, unit if there are several, message."""
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    unit = f"{event['unit']} " if with_unit else ""
    return f"{at} {unit}{event['message'].rstrip()}"


def print_units(stage: Stage) -> None:
    """The units and their log groups."""
    from cli.display import console, table

    found = units(stage.client("logs"), stage.project, stage.name)
    console().print(table(None, ("unit", "log group"), found.items()))


def print_logs(stage: Stage, name: str, since: str, follow: bool) -> None:
    """What units said since some time ago, and go on saying."""
    logs = stage.client("logs")
    groups = chosen(units(logs, stage.project, stage.name), name)
    since_ms = int((time.time() - seconds_of(since)) * 1000)
    for event in followed(logs, groups, since_ms) if follow else lines(logs, groups, since_ms):
        print(as_text(event, len(groups) > 1), flush=follow)


def _groups(logs: Any, prefix: str) -> Iterator[dict]:
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
        yield from page["logGroups"]


def _events(logs: Any, group: str, since_ms: int) -> Iterator[dict]:
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms):
        yield from page["events"]
