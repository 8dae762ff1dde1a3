"""The rules of CloudEvents 1.0 in JSON: what each one lets through, and what it does not.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import base64

import orjson
import pytest

from lake.rejects import Reason
from tests.unit.ingestion_events import EVENT, REFUND, accepted, decode, refused, without

STORED = without(EVENT, "data")
TEXT = "a text that is not empty and holds no control characters"
EXTENSION = "a text without control characters, a boolean, or a whole number of 32 bits"
REFUND_BASE64 = base64.b64encode(orjson.dumps(REFUND)).decode()


def test_an_event_keeps_its_attributes_and_its_data():
    assert accepted(EVENT) == (STORED, REFUND)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time"])
def test_a_required_attribute_is_there_and_is_not_null(name):
    for event in (without(EVENT, name), EVENT | {name: None}):
        reject = refused(event, Reason.INVALID_ENVELOPE, f"{name} is missing", f"{name}: ")
        assert reject.next_step == f"Send {name} with each event."


@pytest.mark.parametrize("value", ["0.3", "1.0.2", "", 1.0, 1, True])
def test_specversion_is_exactly_1_0(value):
    assert decode(EVENT | {"specversion": value})[1].expected == "specversion: '1.0'"


@pytest.mark.parametrize("name", ["id", "type", "subject"])
def test_a_text_is_not_empty_and_has_no_control_characters(name):
    for value in ("", "a\x00", "a\nb", "\x7f", "\x9f", "\ufdd0", "\ufffe", "\U0010ffff", 7, True, ["a"], {}):
        assert (decode(EVENT | {name: value})[1].reason, TEXT in decode(EVENT | {name: value})[1].expected) == (
            Reason.INVALID_ENVELOPE,
            True,
        )


@pytest.mark.parametrize("name", ["id", "subject"])
def test_a_text_may_hold_every_other_character(name):
    for value in (" ", "Größe 😀", "\u00a0", "\u200b", "\ue000", "x" * 10_000):
        assert accepted(EVENT | {name: value})[0][name] == value


@pytest.mark.parametrize(
    ("source", "is_accepted"),
    [
        ("/shop/web", True),
        ("https://example.com/a?b=c#d", True),
        ("urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", True),
        ("mailto:shop@example.com", True),
        ("1-555-123-4567", True),
        ("", False),
        ("with blank", False),
        ("/shop|web", False),
        ("http://[::1", False),
        ("/a%zz", False),
        ("/grö", False),
        (7, False),
    ],
)
def test_source_is_a_uri_reference(source, is_accepted):
    line, reject = decode(EVENT | {"source": source})
    assert (line is not None) == is_accepted
    if not is_accepted:
        assert reject.reason == Reason.INVALID_ENVELOPE
        assert reject.expected == "source: a URI reference (RFC 3986)"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-11-22t11:59:00z", "2026-11-22T11:59:00Z"),
        ("2026-11-22T11:59:00.123456789Z", "2026-11-22T11:59:00.123456Z"),
        ("2026-11-22T11:59:00.9999999Z", "2026-11-22T11:59:00.999999Z"),
        ("2026-11-22T00:59:00-11:00", "2026-11-22T11:59:00Z"),
        ("2026-11-22T12:59:00.5+01:00", "2026-11-22T11:59:00.500000Z"),
        ("2026-11-22T11:59:00-00:00", "2026-11-22T11:59:00Z"),
    ],
)
def test_every_way_to_write_a_time_is_read(sent, stored):
    assert accepted(EVENT | {"time": sent})[0]["time"] == stored


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22 11:59:00Z",
        "2026-11-22T11:59:00Z ",
        "2026-11-22T11:59:00",
        "2026-11-22",
        "20261122T115900Z",
        "2026-W47-7T11:59:00Z",
        "2026-02-30T11:59:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T11:59:60Z",
        "2026-11-22T11:59:00.Z",
        "2026-11-22T11:59:00,5Z",
        "2026-11-22T11:59:00+24:00",
        "2026-11-22T11:59:00+0100",
        "0000-11-22T11:59:00Z",
        "0001-01-01T00:00:00+01:00",
        "٢٠٢٦-11-22T11:59:00Z",
        "",
        1763812740,
    ],
)
def test_what_no_clock_shows_is_no_time(time):
    found = "time is an integer" if isinstance(time, int) else f"time is a string of {len(time)} characters"
    refused(EVENT | {"time": time}, Reason.INVALID_ENVELOPE, found, "time: an RFC 3339 time with offset")


@pytest.mark.parametrize(
    ("dataschema", "is_accepted"),
    [
        ("https://example.com/refund.json", True),
        ("urn:example:refund", True),
        ("", False),
        ("/refund.json", False),
        ("https://example.com/a b", False),
        (7, False),
    ],
)
def test_dataschema_is_a_uri(dataschema, is_accepted):
    line, reject = decode(EVENT | {"dataschema": dataschema})
    assert (line is not None) == is_accepted
    if not is_accepted:
        assert (reject.reason, reject.expected) == (Reason.INVALID_ENVELOPE, "dataschema: a URI (RFC 3986)")


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/JSON; charset=utf-8",
        "text/json",
        "application/vnd.shop.v1+json",
        'a/json;b="c d"',
    ],
)
def test_data_of_a_json_media_type_is_read(media_type):
    assert accepted(EVENT | {"datacontenttype": media_type})[0]["datacontenttype"] == media_type


@pytest.mark.parametrize("media_type", ["", "json", "application/", "application/json;", "a b/json", "a/json\n", 7])
def test_datacontenttype_is_a_media_type(media_type):
    expected = "datacontenttype: a media type such as application/json (RFC 2046)"
    assert decode(EVENT | {"datacontenttype": media_type})[1].expected == expected


@pytest.mark.parametrize("media_type", ["application/xml", "text/plain", "application/jsonx", "application/json+xml"])
def test_data_of_another_media_type_is_no_data_of_a_contract(media_type):
    found = "a datacontenttype that is not JSON"
    for data in (REFUND, "<xml/>"):
        refused(EVENT | {"datacontenttype": media_type, "data": data}, Reason.INVALID_DATA, found, "application/json")


def test_json_in_a_string_is_a_string():
    found = "data is a string of 2 characters"
    refused(EVENT | {"data": "{}"}, Reason.INVALID_DATA, found, 'the value is not of type "object"')


def test_an_event_without_data_is_a_cloudevent_that_no_contract_describes():
    refused(without(EVENT, "data"), Reason.INVALID_DATA, "data is missing", "data: the event itself, as JSON")
    refused(EVENT | {"data": None}, Reason.INVALID_DATA, "data is null", 'the value is not of type "object"')


def test_data_may_come_in_base64():
    event = without(EVENT, "data") | {"data_base64": REFUND_BASE64}
    assert accepted(event) == (STORED, REFUND)
    assert accepted(event | {"datacontenttype": "application/json"})[1] == REFUND


@pytest.mark.parametrize("value", ["e30", "e3!=", "/w==", "eyJ9", "", 7, {}])
def test_data_base64_is_base64_of_json(value):
    event = without(EVENT, "data") | {"data_base64": value}
    refused(event, Reason.INVALID_DATA, "data_base64 that is no JSON in base64", "base64 (RFC 4648) of JSON in UTF-8")


def test_data_and_data_base64_exclude_each_other():
    found = "both data and data_base64"
    for data in (REFUND, None):
        refused(EVENT | {"data": data, "data_base64": REFUND_BASE64}, Reason.INVALID_ENVELOPE, found, "one of them")


@pytest.mark.parametrize("name", ["subject", "datacontenttype", "dataschema", "traceparent", "data_base64"])
def test_an_optional_attribute_that_is_null_counts_as_absent(name):
    assert accepted(EVENT | {name: None}) == (STORED, REFUND)


@pytest.mark.parametrize(
    "extensions",
    [
        {"traceparent": "00-ab-cd-01", "partitionkey": "k"},
        {"sampled": True, "rank": -(2**31), "weight": 2**31 - 1, "note": "", "x9": "ü"},
    ],
)
def test_extension_attributes_are_kept(extensions):
    assert accepted(EVENT | extensions)[0] == STORED | extensions


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (2**31, "rank is an integer"),
        (-(2**31) - 1, "rank is an integer"),
        (1.0, "rank is a number"),
        ("a\x1f", "rank is a string of 2 characters"),
        ([], "rank is an array of 0 members"),
        ({"a": 1}, "rank is an object of 1 members"),
    ],
)
def test_an_extension_attribute_has_a_type_of_cloudevents(value, found):
    refused(EVENT | {"rank": value}, Reason.INVALID_ENVELOPE, found, EXTENSION)


def test_traceparent_is_a_text_like_any_other_extension():
    assert accepted(EVENT | {"traceparent": ""})[0]["traceparent"] == ""
    refused(EVENT | {"traceparent": []}, Reason.INVALID_ENVELOPE, "traceparent is an array of 0 members", EXTENSION)


@pytest.mark.parametrize("name", ["traceParent", "trace_parent", "trace-parent", "", "größe", "x" * 70 + "_"])
def test_the_name_of_an_attribute_is_lower_case_letters_and_digits(name):
    reject = refused(
        EVENT | {name: "a"}, Reason.INVALID_ENVELOPE, f"attribute {name[:64]!r}", "lower-case letters and digits"
    )
    assert reject.next_step == "Rename it, or move it into data."


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (b"7", "the event is an integer"),
        (b'"text"', "the event is a string of 4 characters"),
        (b"null", "the event is null"),
        ([EVENT], "a batch inside of a batch"),
    ],
)
def test_an_event_is_one_json_object(event, found):
    refused(event, Reason.INVALID_ENVELOPE, found, "one JSON object, a CloudEvent")


EVENTBRIDGE = {
    "version": "0",
    "id": "e-1",
    "detail-type": "refund",
    "source": "shop",
    "account": "123456789012",
    "time": "2026-11-22T11:59:00Z",
    "region": "eu-west-1",
    "resources": [],
    "detail": REFUND,
}


def test_the_eventbridge_shape_becomes_a_cloudevent():
    assert accepted(EVENTBRIDGE) == (STORED | {"source": "shop"}, REFUND)


@pytest.mark.parametrize(
    ("lacking", "found", "reason"),
    [
        ("id", "id is missing", Reason.INVALID_ENVELOPE),
        ("time", "time is missing", Reason.INVALID_ENVELOPE),
        ("detail", "data is missing", Reason.INVALID_DATA),
    ],
)
def test_the_eventbridge_shape_needs_what_a_cloudevent_needs(lacking, found, reason):
    reject = decode(without(EVENTBRIDGE, lacking))[1]
    assert (reject.reason, reject.found) == (reason, found)
