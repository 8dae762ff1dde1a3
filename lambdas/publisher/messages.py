"""Rows as messages that the stream takes: one too large goes as a pointer to its data."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from contracts.contract import Contract
from contracts.errors import PipelineError
from lake.put_records import MAX_RECORD_BYTES
from lambdas.publisher.encode import Message, events, partition_keys, payloads, pointer
from lambdas.publisher.plan import Part
from lambdas.publisher.progress import Failure

TOO_LARGE, REFUSED = "too_large", "refused"


def contract_of(event_type: str, contracts: dict[str, Contract]) -> Contract:
    """The contract, which says what may leave; PipelineError where it was taken away."""
    if event_type not in contracts:
        raise PipelineError(
            f"there are rows of type {event_type!r} and no contract of it; expected one, since it says what may be "
            "published. Deploy it again, with `x-publish: false` where the rows shall not be sent."
        )
    return contracts[event_type]


def encode(
    rows: pa.RecordBatch, part: Part, first: int, schema: dict, store: Callable[[str, str, bytes], str]
) -> tuple[list[Message], list[Failure]]:
    """Messages of a part's rows from number `first` on, and the rows that even a pointer is too large for.

    `store` keeps the data of an event, given its source and id, and returns a URI.
    """
    data, keys = events(rows, part.event_type, schema), partition_keys(rows)
    found = [
        Message(part.number, first + at, key, event) for at, (key, event) in enumerate(zip(keys, data, strict=True))
    ]
    if max(map(len, data), default=0) + 4 * max(map(len, keys), default=0) <= MAX_RECORD_BYTES:
        return found, []
    messages, failed = [], []
    for at, message in enumerate(found):
        if message.size_bytes > MAX_RECORD_BYTES:
            _point(message, rows.slice(at, 1), part.event_type, schema, store)
        (messages if message.size_bytes <= MAX_RECORD_BYTES else failed).append(message)
    return messages, [_too_large(message, rows.slice(message.row - first, 1)) for message in failed]


def _point(message: Message, row: pa.RecordBatch, event_type: str, schema: dict, store: Callable) -> None:
    payload = payloads(row, event_type, schema)[0].as_py().encode()
    uri = store(row["source"][0].as_py(), row["event_id"][0].as_py(), payload)
    message.data = pointer(row, event_type, uri)


def _too_large(message: Message, row: pa.RecordBatch) -> Failure:
    source, event_id = row["source"][0].as_py(), row["event_id"][0].as_py()
    return Failure(message.row, source[:256], event_id[:256], TOO_LARGE, f"{message.size_bytes} bytes")
