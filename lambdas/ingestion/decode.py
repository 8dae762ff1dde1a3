"""One event's bytes become exactly one accepted event or one reject; bad data never raises."""

from __future__ import annotations

import binascii
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import orjson
import pybase64

from contracts.contract import Contract
from contracts.validator import DataValidator
from contracts.versions import contract_name
from lake.positions import Position, utc_text
from lake.rejects import Reason, Reject
from lambdas.ingestion import rfc3339
from lambdas.ingestion.envelope import is_json, is_media_type, is_uri, is_uri_reference, read_envelope
from lambdas.ingestion.refused import Refused
from lambdas.ingestion.storable import storable
from lambdas.ingestion.typed import Unsound, event_decoder

# What Kinesis takes unless a stream allows more: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
MAX_BYTES = 1_048_576
VALUES_REMEMBERED = 4096
NOT_TYPED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Unsound, Refused)


class Accepted(NamedTuple):
    """An event that the transform can type; `attributes` are the CloudEvent without its data, times are UTC."""

    event_type: str
    event_time: datetime
    attributes: Any
    data: Any


class Decoder:
    """Checks events against the envelope and the contract of their type."""

    def __init__(self, contracts: dict[str, Contract]) -> None:
        self._contracts = contracts
        self._validators = {name: DataValidator(contract.document) for name, contract in contracts.items()}
        self._typed, settles = event_decoder(contracts.values())
        self._quick = {name: (settle, *_time_bounds(contracts[name])) for name, settle in settles.items()}
        self._is_source = lru_cache(VALUES_REMEMBERED)(lambda text: text.isprintable() and is_uri_reference(text))
        self._is_json = lru_cache(VALUES_REMEMBERED)(lambda text: is_media_type(text) and is_json(text))
        self._reads = lru_cache(VALUES_REMEMBERED)(self._reads_schema)

    def decode(self, payload: bytes, position: Position) -> Accepted | Reject:
        """The event, or why it is refused; the checks run in the order of `rejects.Reason`."""
        try:
            return self._accepted(payload, position.arrival_time)
        except NOT_TYPED:
            return self._judged(payload, position)

    def _accepted(self, payload: bytes, arrival_time: datetime) -> Accepted:
        """The event as most are; one of NOT_TYPED where it needs a closer look."""
        event = self._typed.decode(payload)
        event_type = event.__struct_config__.tag
        time = rfc3339.parse(event.time)
        settle, earliest, ahead = self._quick[event_type]
        if time is None or not earliest <= time <= arrival_time + ahead or len(payload) > MAX_BYTES:
            raise Unsound
        if not self._has_sound_attributes(event, event_type):
            raise Unsound
        data = settle(event.data) if settle else event.data
        event.data = msgspec.UNSET
        event.time = time
        return Accepted(event_type, time, event, data)

    def _has_sound_attributes(self, event: Any, event_type: str) -> bool:
        # Printable texts hold none of the characters that CloudEvents disallow.
        return (
            event.id.isprintable()
            and self._is_source(event.source)
            and ((text := event.subject) is None or text.isprintable())
            and ((text := event.datacontenttype) is None or self._is_json(text))
            and ((text := event.dataschema) is None or self._reads(text, event_type))
            and ((text := event.traceparent) is None or text.isprintable())
            and ((text := event.tracestate) is None or text.isprintable())
            and ((text := event.partitionkey) is None or text.isprintable())
        )

    def _reads_schema(self, dataschema: str, event_type: str) -> bool:
        return dataschema.isprintable() and is_uri(dataschema) and not self._unread(dataschema, event_type)

    def _judged(self, payload: bytes, position: Position) -> Accepted | Reject:
        event_type = None
        try:
            event = read_envelope(read_json(payload))
            event_type = event["type"][:64]
            contract = self._contract(event)
            data = self._checked_data(contract, read_data(event))
            event_time = rfc3339.parse(event["time"])
            _check_time(contract, event_time, position.arrival_time)
        except Refused as refused:
            return refused.as_reject(payload, position, event_type)
        attributes = {name: value for name, value in event.items() if name not in ("data", "data_base64")}
        return Accepted(contract.event_type, event_time, attributes | {"time": event_time}, data)

    def _contract(self, event: dict) -> Contract:
        event_type = event["type"]
        if event_type not in self._contracts:
            raise Refused(
                Reason.UNKNOWN_EVENT_TYPE,
                f"event type {event_type[:64]!r}",
                f"one of {', '.join(self._contracts)}",
                "Mend the type, or add its contract as contracts/<event type>.json, deploy and replay the record.",
            )
        if "dataschema" in event and (refused := self._unread(event["dataschema"], event_type)):
            raise refused
        return self._contracts[event_type]

    def _unread(self, dataschema: str, event_type: str) -> Refused | None:
        """Why data of the contract that an event names cannot be read; another schema's name says nothing to us."""
        name, contract = contract_name(dataschema), self._contracts[event_type]
        if name is None or (name.event_type == event_type and contract.version.reads(name.version)):
            return None
        return Refused(
            Reason.UNKNOWN_CONTRACT_VERSION,
            f"dataschema names contract {name.event_type[:64]} {name.version}",
            f"contract {event_type} of model {contract.version.model}, at most {contract.version}",
            "Mend dataschema; or deploy the contract that it names, and replay the record.",
        )

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
        raise Refused(Reason.TOO_LARGE, f"an event of {len(payload)} bytes", expected, next_step)
    try:
        payload.decode("utf-8")
        return orjson.loads(payload)
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8, at byte {error.start}"
        raise Refused(Reason.INVALID_UTF8, found, "JSON in UTF-8", "Encode the event as UTF-8.") from None
    except orjson.JSONDecodeError as error:
        found, expected = f"no JSON: {error.msg}, at character {error.pos}", "one JSON document (RFC 8259)"
        raise Refused(Reason.INVALID_JSON, found, expected, "Mend the producer's serializer.") from None


def read_data(event: dict) -> object:
    """The JSON value that the event carries, in `data` or in base64; Refused where it carries none."""
    if not is_json(event.get("datacontenttype")):
        found, expected = "a datacontenttype that is not JSON", "application/json, another …/json or …+json, or none"
        raise Refused(Reason.INVALID_DATA, found, expected, "Send data as JSON: contracts describe nothing else.")
    if "data_base64" in event:
        return _read_base64(event["data_base64"])
    if "data" not in event:
        found, expected = "data is missing", "data: the event itself, as JSON"
        raise Refused(Reason.INVALID_DATA, found, expected, "Send data as JSON in the member data.")
    return event["data"]


def _read_base64(encoded: object) -> object:
    try:
        return orjson.loads(pybase64.b64decode(encoded, validate=True))
    except (TypeError, ValueError, binascii.Error):
        # orjson's and base64's own errors are ValueErrors.
        found, expected = "data_base64 that is no JSON in base64", "base64 (RFC 4648) of JSON in UTF-8"
        raise Refused(Reason.INVALID_DATA, found, expected, "Send data as JSON in the member data.") from None


def _check_time(contract: Contract, event_time: datetime, arrival_time: datetime) -> None:
    _, ahead = _time_bounds(contract)
    latest = arrival_time + ahead
    if not contract.earliest <= event_time <= latest:
        raise Refused(
            Reason.TIME_OUT_OF_RANGE,
            f"event time {utc_text(event_time)}",
            f"a time from {utc_text(contract.earliest)} to {utc_text(latest)}",
            f"Mend the producer's clock, or widen x-event-time in contracts/{contract.event_type}.json and replay.",
        )


def _time_bounds(contract: Contract) -> tuple[datetime, timedelta]:
    return contract.earliest, timedelta(seconds=contract.ahead_seconds)
