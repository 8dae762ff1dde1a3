"""The envelope: CloudEvents 1.0 in JSON, or the shape of EventBridge turned into it.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from contracts.validator import is_valid_by, shown
from lake.rejects import Reason
from lambdas.ingestion import rfc3339
from lambdas.ingestion.refused import Refused

# Attribute of EventBridge -> member of a CloudEvent.
EVENTBRIDGE = {"id": "id", "source": "source", "detail-type": "type", "time": "time", "detail": "data"}
# `time` is optional in CloudEvents; here it decides the partition.
REQUIRED = ("specversion", "id", "source", "type", "time")
PAYLOAD = ("data", "data_base64")
ATTRIBUTE_NAME = re.compile(r"[a-z0-9]+")
# Control characters and what Unicode calls noncharacters: the last two of each plane, and 32 in between.
LAST_OF_PLANES = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
DISALLOWED = re.compile(f"[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef{LAST_OF_PLANES}]")
# https://www.rfc-editor.org/rfc/rfc2045#section-5.1
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z{}-]+"
MEDIA_TYPE = re.compile(rf'{TOKEN}/({TOKEN})(?:[ \t]*;[ \t]*{TOKEN}=(?:{TOKEN}|"(?:[^"\\]|\\.)*"))*')
INT32 = range(-(2**31), 2**31)

is_uri = is_valid_by({"format": "uri"})
is_uri_reference = is_valid_by({"format": "uri-reference"})


class Rule(NamedTuple):
    """What an attribute must be, in code and in words."""

    holds: Callable[[object], bool]
    expected: str


def is_text(value: object) -> bool:
    """Whether it is a CloudEvents String; an empty one is."""
    return isinstance(value, str) and not DISALLOWED.search(value)


def _is_filled(value: object) -> bool:
    return is_text(value) and value != ""


def _is_extension(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return value in INT32
    return isinstance(value, bool) or is_text(value)


def is_media_type(value: object) -> bool:
    """Whether it is a media type with its parameters (RFC 2045)."""
    return _is_filled(value) and MEDIA_TYPE.fullmatch(value) is not None


def is_json(media_type: str | None) -> bool:
    """Whether a datacontenttype says that data is JSON; none says so too."""
    if media_type is None:
        return True
    subtype = MEDIA_TYPE.fullmatch(media_type)[1].lower()
    return subtype == "json" or subtype.endswith("+json")


FILLED = "a text that is not empty and holds no control characters"
RULES = {
    "specversion": Rule(lambda value: value == "1.0", "'1.0'"),
    "id": Rule(_is_filled, FILLED),
    "source": Rule(lambda value: _is_filled(value) and is_uri_reference(value), "a URI reference (RFC 3986)"),
    "type": Rule(_is_filled, FILLED),
    "time": Rule(lambda value: isinstance(value, str) and rfc3339.parse(value) is not None, rfc3339.EXPECTED),
    "subject": Rule(_is_filled, FILLED),
    "dataschema": Rule(lambda value: _is_filled(value) and is_uri(value), "a URI (RFC 3986)"),
    "datacontenttype": Rule(is_media_type, "a media type such as application/json (RFC 2046)"),
}
EXTENSION = Rule(_is_extension, "a text without control characters, a boolean, or a whole number of 32 bits")


def read_envelope(document: object) -> dict:
    """The event with the attributes that are set; Refused where it is no CloudEvent."""
    if isinstance(document, list):
        raise _refused("a batch inside of a batch", "one JSON object, a CloudEvent", "Send batches one deep.")
    if not isinstance(document, dict):
        raise _refused(f"the event is {shown(document)}", "one JSON object, a CloudEvent", "Send CloudEvents in JSON.")
    if "detail-type" in document and "specversion" not in document:
        document = _from_eventbridge(document)
    # A producer may write null for an attribute that it does not set.
    event = {name: value for name, value in document.items() if value is not None or name == "data"}
    for name in REQUIRED:
        if name not in event:
            expected = f"{name}: {RULES[name].expected}"
            raise _refused(f"{name} is missing", expected, f"Send {name} with each event.")
    for name, value in event.items():
        if name not in PAYLOAD:
            _check_attribute(name, value)
    if event.keys() >= set(PAYLOAD):
        raise _refused("both data and data_base64", "one of them", "Send JSON in data, bytes in data_base64.")
    return event


def _check_attribute(name: str, value: object) -> None:
    if not ATTRIBUTE_NAME.fullmatch(name):
        expected = "lower-case letters and digits in the name of an attribute"
        raise _refused(f"attribute {name[:64]!r}", expected, "Rename it, or move it into data.")
    rule = RULES.get(name, EXTENSION)
    if not rule.holds(value):
        raise _refused(f"{name[:64]} is {shown(value)}", f"{name[:64]}: {rule.expected}", f"Mend {name[:64]}.")


def _from_eventbridge(document: dict) -> dict:
    return {"specversion": "1.0"} | {
        ours: document[theirs] for theirs, ours in EVENTBRIDGE.items() if theirs in document
    }


def _refused(found: str, expected: str, next_step: str) -> Refused:
    return Refused(Reason.INVALID_ENVELOPE, found, expected, next_step)
