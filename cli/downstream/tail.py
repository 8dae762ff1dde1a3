"""`etl tail`: the downstream stream as it comes, filtered and readable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from cli.connection import Stage
from cli.downstream.stream import downstream_records
from cli.logs import SPAN, seconds_of
from cli.story import pretty_row
from contracts.errors import PipelineError


@dataclass(frozen=True)
class Filter:
    """Which events are shown; what is not given does not matter."""

    types: frozenset[str] = frozenset()
    source: str = ""
    subject: str = ""
    where: tuple[tuple[tuple[str, ...], str], ...] = ()

    def __call__(self, event: dict) -> bool:
        return (
            (not self.types or event["type"] in self.types)
            and self.source in ("", event["source"])
            and self.subject in ("", event.get("subject", ""))
            and all(any(is_same(found, text) for found in values(event.get("data"), path)) for path, text in self.where)
        )


def read_where(conditions: Iterable[str]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """`payment.method=card` as a path into `data` and the value that is looked for."""
    found = []
    for condition in conditions:
        path, sign, value = condition.partition("=")
        if not sign or not all(path.split(".")):
            raise PipelineError(
                f"--where is {condition!r}; expected FIELD=VALUE, such as currency=EUR or items.product_id=p00012, "
                "with a field of `data`."
            )
        found.append((tuple(path.split(".")), value))
    return tuple(found)


def values(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What lies at a path; in a list, at the path of each of its elements."""
    if isinstance(value, list):
        for element in value:
            yield from values(element, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from values(value[path[0]], path[1:])


def is_same(value: Any, text: str) -> bool:
    """Whether a value of JSON is what was typed: 12.3 is 12.30, true is not "true" alone but also true."""
    if value == text:
        return True
    try:
        wanted = json.loads(text, parse_float=Decimal)
    except ValueError:
        return False
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def since_time(text: str, now: datetime) -> datetime:
    """`10m` before now, or a time as RFC 3339 has it."""
    if SPAN.fullmatch(text):
        return now - timedelta(seconds=seconds_of(text))
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise PipelineError(f"--since is {text!r}; expected 30s, 10m, 2h, 1d or 2026-11-22T10:00:00Z.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def chosen(records: Iterable[bytes], is_wanted: Callable[[dict], bool], limit: int) -> Iterator[tuple[bytes, dict]]:
    """Records that are wanted, as they are and read; as many as the limit says, 0 for all."""
    read = ((record, json.loads(record, parse_float=Decimal)) for record in records)
    wanted = (pair for pair in read if is_wanted(pair[1]))
    return islice(wanted, limit) if limit else wanted


def in_words(event: dict) -> str:
    """A line of what it is, then its data; numbers keep their digits."""
    subject = f" · {event['subject']}" if event.get("subject") else ""
    head = f"{event['time']}  {event['type']}  {event['source']} {event['id']}{subject}"
    if "dataref" in event:
        return f"{head}\n  too large for the stream; its data is {event['dataref']}"
    return f"{head}\n{pretty_row(event['data'])}"


def run(stage: Stage, is_wanted: Filter, since: str, limit: int, follow: bool, as_json: bool) -> None:
    """Print events until the limit, the end where it is not followed, or Ctrl-C."""
    from_time = since_time(since, datetime.now(UTC))
    stream = stage.handed_over("downstream-stream-name")
    records = downstream_records(stage.client("kinesis"), stream, from_time, follow)
    for record, event in chosen(records, is_wanted, limit):
        print(record.decode() if as_json else in_words(event), flush=True)
