"""A refund and what ingestion makes of it, for the tests of the decoder."""

import json
from datetime import UTC, datetime

import orjson

from contracts.contract import load_contracts
from lake.positions import Position
from lake.raw_lines import RawObject
from lambdas.ingestion.decode import Decoder

ARRIVAL = datetime(2026, 11, 22, 12, tzinfo=UTC)
POSITION = Position("ingest", "shardId-000000000000", "42", 0, ARRIVAL)
REFUND = {
    "user_id": "u-1",
    "refund_id": "r-1",
    "order_id": "o-1",
    "product_id": "p-1",
    "amount": 12.3,
    "currency": "EUR",
    "reason": "late",
}
EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/shop",
    "type": "refund",
    "time": "2026-11-22T11:59:00Z",
    "data": REFUND,
}
DECODER = Decoder(load_contracts())


def as_bytes(event):
    return event if isinstance(event, bytes) else orjson.dumps(event)


def decode(event, decoder=DECODER):
    """What becomes of an event: (its raw line, None) or (None, its reject)."""
    outcome = decoder.decode(as_bytes(event), POSITION)
    if not isinstance(outcome, tuple):
        return None, outcome
    raw = RawObject()
    raw.add(POSITION, *outcome)
    return json.loads(raw.lines[0]), None


def accepted(event, decoder=DECODER):
    """The raw line's (attributes, data)."""
    line, reject = decode(event, decoder)
    assert reject is None, reject
    ((event_type, data),) = line["data"].items()
    assert event_type == line["event"]["type"]
    return line["event"], data


def refused(event, reason, found, expected, decoder=DECODER):
    line, reject = decode(event, decoder)
    assert line is None
    assert (reject.reason, reject.found) == (reason, found)
    assert expected in reject.expected
    assert reject.next_step.endswith(".")
    assert reject.original == as_bytes(event)
    return reject


def without(event, name):
    return {key: value for key, value in event.items() if key != name}
