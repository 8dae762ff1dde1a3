"""Every reason that ingestion has to refuse an event, in the order in which it looks."""

import json

import orjson
import pytest

from contracts.contract import load_contracts, read_contract
from lake.rejects import Reason
from lambdas.ingestion.decode import MAX_BYTES, Decoder
from tests.unit.ingestion_events import EVENT, POSITION, REFUND, accepted, decode, refused, without

REFUND_URN = "urn:tributary:contract:refund"


def edit(**changes):
    """A Wikipedia edit with some of its data changed."""
    flags = dict.fromkeys(["isAnonymous", "isMinor", "isNew", "isRobot", "isUnpatrolled"], False)
    texts = dict.fromkeys(["channel", "namespace", "page", "user", "comment"], "x")
    data = {"time": "2026-11-22T11:59:00Z", "added": 1, "deleted": 0, "delta": 1, **flags, **texts}
    return EVENT | {"type": "wikipedia_edit", "data": data | changes}


def test_an_event_may_have_the_size_that_kinesis_takes_and_no_more():
    spaces = b" " * (MAX_BYTES - len(orjson.dumps(EVENT)))
    assert accepted(orjson.dumps(EVENT) + spaces)
    found, expected = "an event of 1048577 bytes", "at most 1048576 bytes"
    refused(orjson.dumps(EVENT) + spaces + b" ", Reason.TOO_LARGE, found, expected)


def test_the_size_is_checked_before_anything_else():
    assert decode(b"\xff" * (MAX_BYTES + 1))[1].reason == Reason.TOO_LARGE


def test_bytes_that_are_not_utf_8_are_refused():
    refused(b'{"id": "\xe9"}', Reason.INVALID_UTF8, "bytes that are not UTF-8, at byte 8", "JSON in UTF-8")


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"", "Input is a zero-length, empty document, at character 0"),
        (b'{"id": NaN}', "unexpected character, expected a JSON value, at character 7"),
        (b'{"id": -Infinity}', "no digit after sign, at character 8"),
        (b'{"id": "\\ud800"}', "no low surrogate in string, at character 8"),
        (b'{"id": "\\udc00"}', "invalid high surrogate in string, at character 8"),
        (b'{"id": 1e999}', "number is infinity when parsed as double, at character 7"),
        (b"{}{}", "unexpected content after document, at character 2"),
        (b"\xef\xbb\xbf{}", "UTF-8 byte order mark (BOM) is not supported, at character 0"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, "depth limit exceeded, at character 5121"),
        (b'{"id": "a\nb"}', "unexpected control character in string, at character 9"),
        (b"{'id': 1}", "unexpected character, expected a string key, at character 1"),
    ],
)
def test_text_that_is_not_json_is_refused(payload, found):
    refused(payload, Reason.INVALID_JSON, f"no JSON: {found}", "one JSON document (RFC 8259)")


@pytest.mark.parametrize("fault", [b"NaN", b"Infinity", b"1e999", b'"\\ud800"', b"[" * 2000 + b"]" * 2000])
def test_such_text_deep_in_a_sound_event_is_refused_too(fault):
    assert decode(orjson.dumps(EVENT).replace(b"12.3", fault))[1].reason == Reason.INVALID_JSON


def test_of_a_name_that_is_there_twice_the_last_value_counts():
    twice = orjson.dumps(EVENT).replace(b'"amount":', b'"amount":1,"amount":').replace(b'"id":', b'"id":"e-0","id":')
    attributes, data = accepted(twice)
    assert (attributes["id"], data["amount"]) == ("e-1", 12.3)


def test_an_unknown_event_type_is_refused_and_the_known_ones_are_named():
    reject = refused(
        EVENT | {"type": "login"}, Reason.UNKNOWN_EVENT_TYPE, "event type 'login'", "one of add_to_cart, page_view"
    )
    assert reject.event_type == "login"


def test_the_type_is_checked_before_the_data():
    assert decode(EVENT | {"type": "login", "data": 1})[1].reason == Reason.UNKNOWN_EVENT_TYPE


def decoder_of(version):
    """A decoder that knows refunds of this version only."""
    document = load_contracts()["refund"].document | {"$id": f"{REFUND_URN}:{version}"}
    return Decoder({"refund": read_contract("refund.json", json.dumps(document))})


@pytest.mark.parametrize("version", ["2-1-0", "2-0-7", "2-1-3"])
def test_an_event_may_name_the_contract_or_an_older_version_of_its_model(version):
    attributes, _ = accepted(EVENT | {"dataschema": f"{REFUND_URN}:{version}"}, decoder_of("2-1-3"))
    assert attributes["dataschema"] == f"{REFUND_URN}:{version}"


@pytest.mark.parametrize("version", ["2-1-4", "2-2-0", "3-0-0", "1-9-9"])
def test_an_event_of_a_newer_version_or_another_model_is_refused(version):
    reject = refused(
        EVENT | {"dataschema": f"{REFUND_URN}:{version}"},
        Reason.UNKNOWN_CONTRACT_VERSION,
        f"dataschema names contract refund {version}",
        "contract refund of model 2, at most 2-1-3",
        decoder_of("2-1-3"),
    )
    assert reject.next_step == "Mend dataschema; or deploy the contract that it names, and replay the record."


def test_an_event_cannot_name_the_contract_of_another_type():
    found = "dataschema names contract sign_up 1-0-0"
    event = EVENT | {"dataschema": "urn:tributary:contract:sign_up:1-0-0"}
    refused(event, Reason.UNKNOWN_CONTRACT_VERSION, found, "contract refund of model 1")


@pytest.mark.parametrize(
    ("data", "found", "expected"),
    [
        (None, "data is null", 'the value is not of type "object"'),
        (REFUND | {"amount": 1.005}, "data.amount is a number", "the value is not a multiple of 0.01"),
        (
            REFUND | {"amount": 1e13},
            "data.amount is a number",
            "greater than or equal to the maximum of 10000000000000",
        ),
        (REFUND | {"amount": 0}, "data.amount is an integer", "less than or equal to the minimum of 0"),
        (REFUND | {"amount": "12"}, "data.amount is a string of 2 characters", 'the value is not of type "number"'),
        (REFUND | {"amount": True}, "data.amount is a boolean", 'the value is not of type "number"'),
        (REFUND | {"currency": "eur"}, "data.currency is a string of 3 characters", 'does not match "^[A-Z]{3}$"'),
        (REFUND | {"currency": "EUR\n"}, "data.currency is a string of 4 characters", "the value"),
        (REFUND | {"comment": "x" * 2049}, "data.comment is a string of 2049 characters", "longer than 2048"),
        (without(REFUND, "order_id"), "data is an object of 6 members", '"order_id" is a required property'),
        (REFUND | {"color": 1}, "data is an object of 8 members", "('color' was unexpected)"),
    ],
)
def test_data_that_breaks_the_contract_is_refused(data, found, expected):
    reject = refused(EVENT | {"data": data}, Reason.INVALID_DATA, found, expected)
    assert reject.expected.startswith("data as contracts/refund.json ")
    assert reject.event_type == "refund"


def test_a_reject_shows_no_value_of_the_event():
    secret = "jane@example.com"
    for event in (
        EVENT | {"data": REFUND | {"user_id": secret * 9}},
        EVENT | {"time": secret},
        EVENT | {"subject": [secret]},
        EVENT | {"data": REFUND | {"reason": secret}},
        EVENT | {"datacontenttype": secret},
        without(EVENT, "data") | {"data_base64": secret},
    ):
        reject = decode(event)[1]
        assert secret not in reject.found + reject.expected + reject.next_step


def test_a_reject_keeps_the_original_bytes_and_the_position():
    reject = decode(b"{ oops")[1]
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
    assert (decode(EVENT | {"time": time})[1] is None) == is_accepted


def test_a_time_out_of_range_names_the_range():
    refused(
        EVENT | {"time": "2026-11-23T00:00:00Z"},
        Reason.TIME_OUT_OF_RANGE,
        "event time 2026-11-23T00:00:00.000000Z",
        "a time from 2020-01-01T00:00:00.000000Z to 2026-11-22T13:00:00.000000Z",
    )


def test_an_integer_written_as_a_number_is_stored_as_an_integer():
    _, data = accepted(edit(added=5.0, deleted=1e2))
    assert json.dumps([data["added"], data["deleted"]]) == "[5, 100]"


def test_integers_in_lists_are_stored_as_integers():
    item = {"product_id": "p-1", "name": "Cup", "quantity": 2.0, "unit_price": 1.5, "line_total": 3}
    texts = {"user_id": "u-1", "session_id": "s-1", "order_id": "o-1", "currency": "EUR", "payment_method": "card"}
    purchase = texts | {"items": [item], "shipping": 0, "tax": 0, "total": 3.0, "coupon": None}
    _, data = accepted(EVENT | {"type": "purchase", "data": purchase})
    assert json.dumps(data["items"][0]["quantity"]) == "2"
    assert data["coupon"] is None


def test_times_in_the_data_are_stored_in_utc():
    _, data = accepted(edit(time="2026-11-22t12:59:00.1234567+01:00"))
    assert data["time"] == "2026-11-22T11:59:00.123456Z"


def test_a_time_in_the_data_that_no_column_can_hold_is_refused():
    for time in ("2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z"):
        refused(edit(time=time), Reason.INVALID_DATA, "data.time is a string of 20 characters", "no leap second")


@pytest.mark.parametrize(
    "number", [b"9223372036854775808", b"-9223372036854775809", b"9" * 40, b"1e30", b"9223372036854775808.0"]
)
def test_an_integer_of_more_than_64_bits_is_refused(number):
    payload = orjson.dumps(edit(added=77)).replace(b'"added":77', b'"added":' + number)
    reject = decode(payload)[1]
    assert (reject.reason, reject.found.startswith("data.added is a")) == (Reason.INVALID_DATA, True)
