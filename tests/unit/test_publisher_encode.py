"""Rows as CloudEvents: the bytes that consumers get."""

from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pyarrow as pa
import pytest

from contracts.contract import load_contracts
from contracts.errors import PipelineError
from contracts.validator import DataValidator
from lake.columns import table_schema
from lambdas.publisher.encode import events, partition_keys, pointer
from lambdas.publisher.json_columns import json_texts

CONTRACTS = load_contracts()
SCHEMA = table_schema(CONTRACTS)
REFUND = {
    "user_id": "u-1",
    "refund_id": "r-1",
    "order_id": "o-1",
    "product_id": "p-1",
    "amount": Decimal("1234567890123.70"),
    "currency": "EUR",
    "reason": "late",
    "comment": None,
}
ROW = {
    "event_id": "e-1",
    "source": "/shop",
    "event_type": "refund",
    "event_time": datetime(2026, 11, 22, 12, tzinfo=UTC),
    "event_date": date(2026, 11, 22),
    "subject": "u-1",
    "ingest_position": "ingest/shard/1/0",
    "batch_id": "b-1",
    "customer": None,
    "products": None,
    "refund": REFUND,
}


def rows_of(*rows):
    return pa.RecordBatch.from_pylist(
        list(rows), pa.schema([SCHEMA.field(name).with_nullable(True) for name in rows[0]])
    )


def encode(event_type="refund", **changes):
    return events(
        rows_of(ROW | {"event_type": event_type} | changes), event_type, CONTRACTS[event_type].stored_document
    )[0]


def data_of(event):
    return orjson.loads(event)["data"]


def texts(values, kind, schema=None):
    return json_texts(pa.array(values, kind), schema).to_pylist()


def test_a_row_becomes_the_event_it_came_from():
    assert encode() == (
        b'{"specversion":"1.0","id":"e-1","source":"/shop","type":"refund","time":"2026-11-22T12:00:00.000000Z",'
        b'"subject":"u-1","datacontenttype":"application/json","batchid":"b-1","ingestposition":"ingest/shard/1/0",'
        b'"data":{"user_id":"u-1","refund_id":"r-1","order_id":"o-1","product_id":"p-1",'
        b'"amount":1234567890123.70,"currency":"EUR","reason":"late"}}'
    )


def test_enrichment_stands_beside_the_data_it_is_about():
    customer = {"customer_id": "u-1", "segment": "b2c", "home_country": None, "signed_up_on": date(2025, 1, 2)}
    products = [{"product_id": "p-1", "name": "Cup", "category": "home", "brand": "Ort"}]
    enrichment = data_of(encode(customer=customer, products=products))["enrichment"]
    assert enrichment == {"customer": customer | {"signed_up_on": "2025-01-02"}, "products": products}
    assert "enrichment" not in data_of(encode(products=[]))


def test_a_row_without_data_has_an_empty_object():
    assert data_of(encode(refund=None)) == {}


def test_rows_encoded_together_are_those_encoded_alone():
    rows = [
        ROW,
        ROW | {"event_id": 'e "2"\n', "subject": None, "refund": REFUND | {"comment": 'Größe\t"falsch"\\'}},
        ROW | {"refund": None, "products": []},
        ROW | {"subject": "", "customer": {"customer_id": "u-1"}},
    ]
    together = events(rows_of(*rows), "refund", CONTRACTS["refund"].stored_document)
    assert together == [encode(**row) for row in rows]
    assert [orjson.loads(event)["id"] for event in together] == ["e-1", 'e "2"\n', "e-1", "e-1"]
    assert data_of(together[1])["comment"] == 'Größe\t"falsch"\\'


def test_data_that_went_through_the_table_still_fits_its_contract():
    page = {"url": "https://shop.example", "title": "Shop", "referrer": None}
    view = {"user_id": "u-1", "session_id": "s-1", "product_id": None, "page": page, "utm": None, "duration_ms": 5}
    data = data_of(encode("page_view", page_view=view | {"user_agent": "curl"}))
    assert DataValidator(CONTRACTS["page_view"].document).violation(data) is None
    assert data["page"] == {"url": "https://shop.example", "title": "Shop"}


def test_a_required_member_that_was_masked_away_stays_as_null():
    assert data_of(encode(refund=REFUND | {"user_id": None}))["user_id"] is None


def test_what_a_contract_drops_is_not_published_from_older_rows_either():
    older = pa.array([{"user_id": "u-1", "name": "Zoë", "plan": "pro"}])
    rows = rows_of(ROW | {"event_type": "sign_up"}).append_column("sign_up", older)
    data = data_of(events(rows, "sign_up", CONTRACTS["sign_up"].stored_document)[0])
    assert data == {"user_id": "u-1", "plan": "pro"}


def test_times_in_the_data_are_utc_with_z():
    edit = {"time": datetime(2026, 11, 22, 11, 59, 0, 120000, UTC), "page": "Ort", "added": 1}
    data = data_of(encode("wikipedia_edit", wikipedia_edit=edit))
    assert (data["time"], data["page"], data["added"]) == ("2026-11-22T11:59:00.120000Z", "Ort", 1)


def test_a_pointer_has_the_attributes_and_no_data():
    event = orjson.loads(pointer(rows_of(ROW), "refund", "s3://processed/downstream/b-1/x.json"))
    assert event == {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/shop",
        "type": "refund",
        "time": "2026-11-22T12:00:00.000000Z",
        "subject": "u-1",
        "datacontenttype": "application/json",
        "batchid": "b-1",
        "ingestposition": "ingest/shard/1/0",
        "dataref": "s3://processed/downstream/b-1/x.json",
    }


def test_the_partition_key_is_the_subject_or_else_the_identity():
    rows = [ROW, ROW | {"subject": None}, ROW | {"subject": ""}, ROW | {"subject": "ß" * 300}]
    assert partition_keys(rows_of(*rows)) == ["u-1", "e-1", "e-1", "ß" * 256]
    assert "subject" not in orjson.loads(encode(subject=None))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (Decimal("0.10"), pa.decimal128(38, 2), "0.10"),
        (Decimal("-12345678901234567890123456789012345.678"), pa.decimal128(38, 3),
         "-12345678901234567890123456789012345.678"),
        (2**63 - 1, pa.int64(), "9223372036854775807"),
        (0.1, pa.float64(), "0.1"),
        (1.7976931348623157e308, pa.float64(), "1.7976931348623157e+308"),
        (float("nan"), pa.float64(), "null"),
        (True, pa.bool_(), "true"),
        (None, pa.int64(), "null"),
        (None, pa.null(), "null"),
        (datetime(1969, 12, 31, 23, 59, 59, 1, UTC), pa.timestamp("us", "UTC"), '"1969-12-31T23:59:59.000001Z"'),
        (datetime(2026, 1, 1, tzinfo=UTC), pa.timestamp("us", "Europe/Berlin"), '"2026-01-01T00:00:00.000000Z"'),
        (date(2025, 1, 2), pa.date32(), '"2025-01-02"'),
        ('"\\/\x00\x1f\n\u2028😀', pa.string(), '"\\"\\\\/\\u0000\\u001f\\n\u2028😀"'),
        ([], pa.list_(pa.string()), "[]"),
        ([None, "a"], pa.list_(pa.string()), '[null,"a"]'),
        ([{"a": [1]}, None], pa.list_(pa.struct({"a": pa.list_(pa.int64())})), '[{"a":[1]},null]'),
        ({}, pa.struct({}), "{}"),
    ],
)  # fmt: skip
def test_a_value_is_written_exactly(value, kind, text):
    assert texts([value], kind) == [text]
    assert texts([value, None, value], kind)[::2] == [text, text]


def test_slices_of_nested_columns_are_written_as_their_own_rows():
    kind = pa.list_(pa.struct({"a": pa.string()}))
    whole = pa.array([[{"a": "x"}], None, [{"a": "y"}, {"a": None}], []], kind)
    assert json_texts(whole.slice(1)).to_pylist() == ["null", '[{"a":"y"},{"a":null}]', "[]"]


def test_a_null_object_is_null_even_where_its_members_lie_beneath():
    beneath = pa.StructArray.from_arrays([pa.array([1, 2])], ["a"], mask=pa.array([False, True]))
    assert json_texts(beneath, {"properties": {"a": {"type": "integer"}}}).to_pylist() == ['{"a":1}', "null"]


def test_a_type_that_no_contract_has_is_named():
    with pytest.raises(PipelineError, match="a column has type binary; expected one that contracts have"):
        texts([b"x"], pa.binary())
