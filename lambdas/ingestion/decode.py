"""One payload becomes exactly one accepted event or one reject; bad data never raises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from contracts.contract import Contract
from contracts.validator import DataValidator
from lake.positions import Position, utc_text
from lake.rejects import Reason, Reject
from lambdas.ingestion.envelope import read_envelope, with_utc_time
from lambdas.ingestion.refused import Refused
from lambdas.ingestion.storable import storable

# What Kinesis takes unless a stream allows more: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
MAX_BYTES = 1_048_576


@dataclass(frozen=True)
class Accepted:
    """An event that the transform can type; `event["time"]` is UTC with microseconds."""

    event: dict
    event_time: datetime


class Decoder:
    """Checks payloads against the envelope and the contract of their event type."""

    def __init__(self, contracts: dict[str, Contract]) -> None:
        self._contracts = contracts
        self._validators = {name: DataValidator(contract) for name, contract in contracts.items()}

    def decode(self, payload: bytes, position: Position) -> Accepted | Reject:
        """The event, or why it is refused; the checks run in the order of `rejects.Reason`."""
        event_type = None
        try:
            event = read_envelope(read_json(payload))
            event_type = event["type"][:64]
            event, event_time = with_utc_time(event)
            contract = self._contract(event["type"])
            event["data"] = self._checked_data(contract, event["data"])
            _check_time(contract, event_time, position.arrival_time)
        except Refused as refused:
            return refused.as_reject(payload, position, event_type)
        return Accepted(event, event_time)

    def _contract(self, event_type: str) -> Contract:
        if event_type not in self._contracts:
            raise Refused(
                Reason.UNKNOWN_EVENT_TYPE,
                f"event type {event_type[:64]!r}",
                f"one of {', '.join(self._contracts)}",
                "Mend the type, or add its contract as contracts/<event type>.json, deploy and replay the record.",
            )
        return self._contracts[event_type]

    def _checked_data(self, contract: Contract, data: object) -> object:
        violation = self._validators[contract.event_type].violation(data)
        if violation:
            raise Refused(
                Reason.INVALID_DATA,
                f"{violation.path} is {violation.found}",
                f"data as contracts/{contract.event_type}.json {contract.version} says: {violation.expected}",
                "Mend the producer; replay the record with a fix, or as it is once the contract allows it.",
            )
        return storable(data, contract.data_type)


def read_json(payload: bytes) -> object:
    """The JSON value; Refused where the bytes are too many, not UTF-8 or not JSON."""
    if len(payload) > MAX_BYTES:
        expected, next_step = f"at most {MAX_BYTES} bytes", "Put the large part into S3 and send where it lies."
        raise Refused(Reason.TOO_LARGE, f"a record of {len(payload)} bytes", expected, next_step)
    try:
        payload.decode("utf-8")
        return orjson.loads(payload)
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8, at byte {error.start}"
        raise Refused(Reason.INVALID_UTF8, found, "JSON in UTF-8", "Encode the event as UTF-8.") from None
    except orjson.JSONDecodeError as error:
        found, expected = f"no JSON: {error.msg}, at character {error.pos}", "one JSON document (RFC 8259)"
        raise Refused(Reason.INVALID_JSON, found, expected, "Mend the producer's serializer.") from None


def _check_time(contract: Contract, event_time: datetime, arrival_time: datetime) -> None:
    latest = arrival_time + timedelta(seconds=contract.ahead_seconds)
    if not contract.earliest <= event_time <= latest:
        raise Refused(
            Reason.TIME_OUT_OF_RANGE,
            f"event time {utc_text(event_time)}",
            f"a time from {utc_text(contract.earliest)} to {utc_text(latest)}",
            f"Mend the producer's clock, or widen x-event-time in contracts/{contract.event_type}.json and replay.",
        )
