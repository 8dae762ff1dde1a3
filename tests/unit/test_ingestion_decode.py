from datetime import UTC, datetime

import orjson
import pytest

from contracts.contract import load_contracts
from lake.positions import Position
from lake.rejects import Reason
from lambdas.ingestion.decode import MAX_BYTES, Accepted, Decoder

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


def decode(event):
    return DECODER.decode(event if isinstance(event, bytes) else orjson.dumps(event), POSITION)


def without(event, name):
    return {key: value for key, value in event.items() if key != name}


def edit(**changes):
    """A Wikipedia edit with some of its data changed."""
    flags = dict.fromkeys(["isAnonymous", "isMinor", "isNew", "isRobot", "isUnpatrolled"], False)
    texts = dict.fromkeys(["channel", "namespace", "page", "user", "comment"], "x")
    data = {"time": "2026-11-22T11:59:00Z", "added": 1, "deleted": 0, "delta": 1, **flags, **texts}
    return EVENT | {"type": "wikipedia_edit", "data": data | changes}


def assert_refused(event, reason, found, expected):
    reject = decode(event)
    assert (reject.reason, reject.found) == (reason, found)
    assert expected in reject.expected
    assert reject.next_step.endswith(".")
    return reject


def test_an_event_is_accepted_with_its_time_in_utc():
    outcome = decode(EVENT | {"time": "2026-11-22T12:59:00.5+01:00", "subject": "u-1"})
    assert outcome == Accepted(
        EVENT | {"time": "2026-11-22T11:59:00.500000Z", "subject": "u-1"},
        datetime(2026, 11, 22, 11, 59, 0, 500000, UTC),
    )


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-11-22t11:59:00z", "2026-11-22T11:59:00.000000Z"),
        ("2026-11-22T11:59:00.123456789Z", "2026-11-22T11:59:00.123456Z"),
        ("2026-11-22T11:59:00.9999999Z", "2026-11-22T11:59:00.999999Z"),
        ("2026-11-22T00:59:00-11:00", "2026-11-22T11:59:00.000000Z"),
        ("2026-11-22T11:59:00-00:00", "2026-11-22T11:59:00.000000Z"),
    ],
)
def test_every_way_to_write_a_time_is_read(sent, stored):
    assert decode(EVENT | {"time": sent}).event["time"] == stored


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22 11:59:00Z",
        "2026-11-22T11:59:00Z ",
        "2026-11-22T11:59:00",
        "2026-11-22",
        "20261122T115900Z",
        "2026-02-30T11:59:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T11:59:60Z",
        "2026-11-22T11:59:00+24:00",
        "0000-11-22T11:59:00Z",
        "0001-01-01T00:00:00+01:00",
        "٢٠٢٦-11-22T11:59:00Z",
    ],
)
def test_what_no_clock_shows_is_no_time(time):
    found = f"time is a string of {len(time)} characters"
    assert_refused(EVENT | {"time": time}, Reason.INVALID_ENVELOPE, found, "an RFC 3339 time with offset")


def test_an_attribute_that_is_null_counts_as_absent():
    outcome = decode(EVENT | {"subject": None, "datacontenttype": None, "traceparent": None})
    assert outcome.event == EVENT | {"time": "2026-11-22T11:59:00.000000Z"}


def test_extension_attributes_are_kept():
    outcome = decode(EVENT | {"traceparent": "00-ab-cd-01", "sampled": True, "rank": 3})
    assert {"traceparent": "00-ab-cd-01", "sampled": True, "rank": 3}.items() <= outcome.event.items()


def test_the_eventbridge_shape_becomes_a_cloudevent():
    outcome = decode(
        {
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
    )
    assert outcome.event == EVENT | {"source": "shop", "time": "2026-11-22T11:59:00.000000Z"}


def test_a_record_may_have_the_size_that_kinesis_takes_and_no_more():
    spaces = b" " * (MAX_BYTES - len(orjson.dumps(EVENT)))
    assert isinstance(decode(orjson.dumps(EVENT) + spaces), Accepted)
    found, expected = "a record of 1048577 bytes", "at most 1048576 bytes"
    assert_refused(orjson.dumps(EVENT) + spaces + b" ", Reason.TOO_LARGE, found, expected)


def test_the_size_is_checked_before_anything_else():
    assert decode(b"\xff" * (MAX_BYTES + 1)).reason == Reason.TOO_LARGE


def test_bytes_that_are_not_utf_8_are_refused():
    assert_refused(b'{"id": "\xe9"}', Reason.INVALID_UTF8, "bytes that are not UTF-8, at byte 8", "JSON in UTF-8")


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"", "Input is a zero-length, empty document, at character 0"),
        (b'{"id": NaN}', "unexpected character, expected a JSON value, at character 7"),
        (b'{"id": "\\ud800"}', "no low surrogate in string, at character 8"),
        (b'{"id": 1e999}', "number is infinity when parsed as double, at character 7"),
        (b"{}{}", "unexpected content after document, at character 2"),
        (b"\xef\xbb\xbf{}", "UTF-8 byte order mark (BOM) is not supported, at character 0"),
        (b"[" * 2000 + b"]" * 2000, "depth limit exceeded, at character 1025"),
    ],
)
def test_text_that_is_not_json_is_refused(payload, found):
    assert_refused(payload, Reason.INVALID_JSON, f"no JSON: {found}", "one JSON document (RFC 8259)")


@pytest.mark.parametrize(
    ("event", "found", "expected"),
    [
        ([EVENT], "the record is an array of 1 members", "one JSON object, a CloudEvent"),
        ("text", "the record is a string of 4 characters", "one JSON object"),
        (without(EVENT, "specversion"), "specversion is missing", "specversion '1.0'"),
        (EVENT | {"specversion": "0.3"}, "specversion is a string of 3 characters", "specversion '1.0'"),
        (EVENT | {"specversion": 1.0}, "specversion is a number", "specversion '1.0'"),
        (without(EVENT, "id"), "id is missing", "id: a text that is not empty"),
        (EVENT | {"id": 7}, "id is an integer", "id: a text that is not empty"),
        (EVENT | {"id": None}, "id is missing", "id: a text that is not empty"),
        (EVENT | {"source": ""}, "source is a string of 0 characters", "source: a text that is not empty"),
        (without(EVENT, "type"), "type is missing", "type: a text that is not empty"),
        (without(EVENT, "time"), "time is missing", "an RFC 3339 time"),
        (EVENT | {"time": 1763812740}, "time is an integer", "an RFC 3339 time"),
        (EVENT | {"subject": 7}, "subject is an integer", "subject: a text"),
        (without(EVENT, "data"), "data is missing", "data: the event itself, as JSON"),
        (without(EVENT, "data") | {"data_base64": "e30="}, "data is missing", "data: the event itself, as JSON"),
        (EVENT | {"trace": {"a": 1}}, "attribute 'trace' is an object of 1 members", "in every attribute but data"),
    ],
)
def test_an_envelope_that_is_no_cloudevent_is_refused(event, found, expected):
    assert_refused(event, Reason.INVALID_ENVELOPE, found, expected)


def test_an_unknown_event_type_is_refused_and_the_known_ones_are_named():
    reject = assert_refused(
        EVENT | {"type": "login"}, Reason.UNKNOWN_EVENT_TYPE, "event type 'login'", "one of add_to_cart, page_view"
    )
    assert reject.event_type == "login"


def test_the_type_is_checked_before_the_data():
    assert decode(EVENT | {"type": "login", "data": 1}).reason == Reason.UNKNOWN_EVENT_TYPE


@pytest.mark.parametrize(
    ("data", "found", "expected"),
    [
        (None, "data is null", 'the value is not of type "object"'),
        (REFUND | {"amount": 1.005}, "data.amount is a number", "the value is not a multiple of 0.01"),
        (REFUND | {"amount": "12"}, "data.amount is a string of 2 characters", 'the value is not of type "number"'),
        (REFUND | {"currency": "eur"}, "data.currency is a string of 3 characters", 'does not match "^[A-Z]{3}$"'),
        (without(REFUND, "order_id"), "data is an object of 6 members", '"order_id" is a required property'),
        (REFUND | {"color": 1}, "data is an object of 8 members", "('color' was unexpected)"),
    ],
)
def test_data_that_breaks_the_contract_is_refused(data, found, expected):
    reject = assert_refused(EVENT | {"data": data}, Reason.INVALID_DATA, found, expected)
    assert reject.expected.startswith("data as contracts/refund.json 1-0-0 says: ")
    assert reject.event_type == "refund"


def test_a_reject_shows_no_value_of_the_event():
    secret = "jane@example.com"
    for event in (
        EVENT | {"data": REFUND | {"user_id": secret * 9}},
        EVENT | {"time": secret},
        EVENT | {"subject": [secret]},
        EVENT | {"data": REFUND | {"reason": secret}},
    ):
        reject = decode(event)
        assert secret not in reject.found + reject.expected + reject.next_step


def test_a_reject_keeps_the_original_bytes_and_the_position():
    reject = decode(b"{ oops")
    assert (reject.original, reject.position, reject.event_type) == (b"{ oops", POSITION, None)


@pytest.mark.parametrize(
    ("time", "is_accepted"),
    [
        ("2019-12-31T23:59:59.999999Z", False),
        ("2020-01-01T00:00:00Z", True),
        ("2026-11-22T13:00:00Z", True),
        ("2026-11-22T13:00:00.000001Z", False),
    ],
)
def test_times_are_bound_by_the_contract_and_the_arrival(time, is_accepted):
    assert isinstance(decode(EVENT | {"time": time}), Accepted) == is_accepted


def test_a_time_out_of_range_names_the_range():
    assert_refused(
        EVENT | {"time": "2026-11-23T00:00:00Z"},
        Reason.TIME_OUT_OF_RANGE,
        "event time 2026-11-23T00:00:00.000000Z",
        "a time from 2020-01-01T00:00:00.000000Z to 2026-11-22T13:00:00.000000Z",
    )


def test_an_integer_written_as_a_number_is_stored_as_an_integer():
    outcome = decode(edit(added=5.0, deleted=1e2))
    assert orjson.dumps([outcome.event["data"]["added"], outcome.event["data"]["deleted"]]) == b"[5,100]"


def test_integers_in_lists_are_stored_as_integers():
    item = {"product_id": "p-1", "name": "Cup", "quantity": 2.0, "unit_price": 1.5, "line_total": 3}
    texts = {"user_id": "u-1", "session_id": "s-1", "order_id": "o-1", "currency": "EUR", "payment_method": "card"}
    purchase = texts | {"items": [item], "shipping": 0, "tax": 0, "total": 3.0, "coupon": None}
    data = decode(EVENT | {"type": "purchase", "data": purchase}).event["data"]
    assert orjson.dumps(data["items"][0]["quantity"]) == b"2"
    assert data["coupon"] is None


def test_times_in_the_data_are_stored_in_utc():
    outcome = decode(edit(time="2026-11-22t12:59:00.1234567+01:00"))
    assert outcome.event["data"]["time"] == "2026-11-22T11:59:00.123456Z"


def test_a_time_in_the_data_that_no_column_can_hold_is_refused():
    for time in ("2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z"):
        assert_refused(edit(time=time), Reason.INVALID_DATA, "data.time is a string of 20 characters", "no leap second")


def test_an_integer_of_more_than_64_bits_is_refused():
    payload = orjson.dumps(edit(added=77)).replace(b'"added":77', b'"added":9223372036854775808')
    assert decode(payload).found == "data.added is an integer"
    payload = payload.replace(b"9223372036854775808", b"9223372036854775808.0")
    assert decode(payload).found == "data.added is a number"
