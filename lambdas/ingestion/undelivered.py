"""What the event source mapping gave up: records that ingestion never stored become rejects, the others a receipt.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import timedelta

from lake import layout
from lake.positions import Position
from lake.rejects import Reason
from lambdas.ingestion.delivery import Delivery
from lambdas.ingestion.records import read_records
from lambdas.ingestion.refused import Refused

# Prefix of a date, a stream and a shard.
Prefix = Callable[[str, str, str], str]


def read_given_up(document: dict) -> list[tuple[bytes, Position]]:
    """The records of an on-failure document, in the order of the shard."""
    return list(read_records(json.loads(document["payload"])))


def prefixes(records: list[tuple[bytes, Position]], prefix: Prefix) -> list[str]:
    """Where raw objects or receipts of these records lie; a delivery may have begun the day before."""
    first, last = records[0][1], records[-1][1]
    days = range(-1, (last.arrival_time.date() - first.arrival_time.date()).days + 1)
    dates = [first.arrival_time.date() + timedelta(days=day) for day in days]
    return [prefix(date.isoformat(), first.stream, first.shard) for date in dates]


def holding(keys: Iterable[str], records: list[tuple[bytes, Position]]) -> list[str]:
    """The raw objects or receipts, by key, of deliveries with some of the records in them."""
    return [key for key in keys if any(_holds(key, position) for _, position in records)]


def not_held(keys: list[str], records: list[tuple[bytes, Position]]) -> list[tuple[bytes, Position]]:
    """The records of no such delivery, so that nothing is left of them but what the document holds."""
    return [(record, position) for record, position in records if not any(_holds(key, position) for key in keys)]


def _holds(key: str, position: Position) -> bool:
    first, last = layout.delivery_span(key)
    return first <= int(position.sequence) <= last


def as_rejects(records: list[tuple[bytes, Position]], condition: str) -> Delivery | None:
    """Each record as one reject, its bytes whole; None where there is none."""
    if not records:
        return None
    delivery = Delivery(first=records[0][1], last=records[-1][1], records=len(records))
    refused = Refused(
        Reason.UNDELIVERED,
        f"a record that ingestion could not store: {condition}",
        "a delivery that ingestion stores within the mapping's retries and age",
        "Look at ingestion's log at the time, mend the cause, then replay the record.",
    )
    delivery.rejects = [refused.as_reject(record, position, None) for record, position in records]
    return delivery
