"""The envelope: CloudEvents 1.0 in JSON, or the shape of EventBridge turned into it.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

from datetime import datetime

from contracts.validator import shown
from lake.positions import utc_text
from lake.rejects import Reason
from lambdas.ingestion import rfc3339
from lambdas.ingestion.refused import Refused

REQUIRED_TEXTS = ("id", "source", "type")
# Attribute of EventBridge -> attribute of CloudEvents.
EVENTBRIDGE = {"id": "id", "source": "source", "detail-type": "type", "time": "time", "detail": "data"}


def read_envelope(document: object) -> dict:
    """The event with the attributes that say something; Refused where it is no CloudEvent."""
    if not isinstance(document, dict):
        raise _refused(f"the record is {shown(document)}", "one JSON object, a CloudEvent", "Send one event a record.")
    if "detail-type" in document and "specversion" not in document:
        document = {"specversion": "1.0"} | {
            ours: document[theirs] for theirs, ours in EVENTBRIDGE.items() if theirs in document
        }
    # The JSON format lets a producer write null for an attribute it does not set.
    event = {name: value for name, value in document.items() if value is not None or name == "data"}
    _check_attributes(event)
    return event


def with_utc_time(event: dict) -> tuple[dict, datetime]:
    """The event with its time in UTC and microseconds, and that time."""
    time = event.get("time")
    event_time = rfc3339.parse(time) if isinstance(time, str) else None
    if event_time is None:
        raise _refused(_attribute(event, "time"), rfc3339.EXPECTED, "Send when it happened in the attribute time.")
    return event | {"time": utc_text(event_time)}, event_time


def _check_attributes(event: dict) -> None:
    if event.get("specversion") != "1.0":
        raise _refused(_attribute(event, "specversion"), "specversion '1.0'", "Send CloudEvents 1.0 in JSON.")
    for name in REQUIRED_TEXTS:
        if not isinstance(event.get(name), str) or not event[name]:
            raise _refused(
                _attribute(event, name), f"{name}: a text that is not empty", f"Send {name} with each event."
            )
    if not isinstance(event.get("subject", ""), str):
        raise _refused(_attribute(event, "subject"), "subject: a text", "Send subject as text, or leave it out.")
    if "data" not in event:
        raise _refused("data is missing", "data: the event itself, as JSON", "Send data as JSON in the attribute data.")
    for name, value in event.items():
        if name != "data" and isinstance(value, dict | list):
            raise _refused(
                f"attribute {name[:64]!r} is {shown(value)}",
                "a text, a number or a boolean in every attribute but data",
                "Move it into data, or leave it out.",
            )


def _attribute(event: dict, name: str) -> str:
    return f"{name} is {shown(event[name])}" if name in event else f"{name} is missing"


def _refused(found: str, expected: str, next_step: str) -> Refused:
    return Refused(Reason.INVALID_ENVELOPE, found, expected, next_step)
