import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyspark.sql import types as T

from contracts.arrow import arrow_type
from contracts.contract import Contract, load_contracts, read_contract
from contracts.errors import ContractError, PipelineError
from contracts.spark import spark_type
from contracts.types import Array, Decimal, Field, Scalar, Struct, type_of
from contracts.validator import DataValidator, shown
from contracts.versions import Version

TEXT = {"type": "string", "maxLength": 9}
COUNT = {"type": "integer", "minimum": 0, "maximum": 9}


def document(properties=None, **changes):
    """A contract of event type `order` as its file holds it."""
    identifier = "urn:tributary:contract:order:1-0-0"
    closed = {"type": "object", "additionalProperties": False}
    return {"$id": identifier, **closed, "properties": properties or {"name": TEXT}} | changes


def read(file_name="order.json", **changes):
    return read_contract(file_name, json.dumps(document(**changes)))


def violation(properties, data, **changes):
    return DataValidator(document(properties, **changes)).violation(data)


def test_every_contract_is_loaded_by_its_event_type():
    contracts = load_contracts()
    assert list(contracts) == ["add_to_cart", "page_view", "purchase", "refund", "sign_up", "wikipedia_edit"]
    assert {contract.event_type for contract in contracts.values()} == contracts.keys()


def test_every_contract_can_be_typed_and_validated():
    for contract in load_contracts().values():
        assert spark_type(contract.data_type).fieldNames() == list(contract.document["properties"])
        assert arrow_type(contract.data_type).num_fields == len(contract.document["properties"])
        assert DataValidator(contract.document).violation({}) is not None


def test_a_contract_says_version_and_time_bounds():
    contract = read(**{"x-event-time": {"earliest": "2015-01-01T00:00:00Z", "ahead_seconds": 60}})
    assert contract.version == Version(1, 0, 0)
    assert contract.earliest == datetime(2015, 1, 1, tzinfo=UTC)
    assert (contract.ahead_seconds, contract.late_after_seconds) == (60, 86400)


def test_references_name_the_way_to_each_key():
    purchase = load_contracts()["purchase"]
    assert purchase.references("products") == [("items", "[]", "product_id")]
    assert purchase.references("customers") == [("user_id",)]


def test_a_file_that_is_not_json_is_named():
    with pytest.raises(ContractError, match=r"order\.json: not JSON \(Expecting value: line 1 column 1 \(char 0\)\)"):
        read_contract("order.json", "")


@pytest.mark.parametrize(
    ("file_name", "identifier"),
    [
        ("order.json", "urn:tributary:contract:orders:1-0-0"),
        ("order.json", "urn:tributary:contract:order:1-0"),
        ("Order.json", "urn:tributary:contract:Order:1-0-0"),
    ],
)
def test_a_contract_has_the_identifier_of_its_file(file_name, identifier):
    with pytest.raises(ContractError, match=rf"{file_name}: \$id is '{identifier}'; expected 'urn:tributary:contract:"):
        read(file_name, **{"$id": identifier})


def test_a_contract_without_identifier_says_what_is_expected():
    with pytest.raises(ContractError, match=r"\$id is None; expected 'urn:tributary:contract:order:MODEL-REVISION"):
        read_contract("order.json", json.dumps({"type": "object", "properties": {}}))


def test_data_is_an_object():
    with pytest.raises(ContractError, match=r"order\.json: data has type 'string'; expected 'object'"):
        read(**TEXT)


def test_contract_errors_are_pipeline_errors():
    assert issubclass(ContractError, PipelineError)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({}, r"^order\.x: type is None; expected one of \['array', 'boolean'"),
        ({"type": ["string", "integer"]}, r"type is \['string', 'integer'\]; .* Give the field exactly one type"),
        ({"type": "null"}, "type is 'null'"),
        ({"type": "string"}, r"^order\.x: maxLength missing; a contract bounds everything a type can hold\. Add it"),
        ({"type": "integer", "minimum": 0}, r"^order\.x: maximum missing"),
        ({"type": "integer"}, r"^order\.x: minimum, maximum missing"),
        ({"type": "integer", "minimum": 0, "maximum": 2**63}, r"bounds 0\.\.9223372036854775808 do not fit 64 bits"),
        ({"type": "integer", "minimum": -(2**63) - 1, "maximum": 0}, "do not fit 64 bits"),
        ({"type": "number", "x-decimal": {"precision": 39, "scale": 2}}, "x-decimal is 39,2; expected 0 <= scale"),
        ({"type": "number", "x-decimal": {"precision": 2, "scale": 3}}, "x-decimal is 2,3; expected 0 <= scale"),
        (
            {"type": "number", "x-decimal": {"precision": 20, "scale": 16}},
            r"x-decimal is 20,16; .* a scale of 15 at most, the digits that a JSON number keeps\. Mend it, or send",
        ),
        ({"type": "array"}, r"^order\.x: items missing"),
        ({"type": "array", "items": {"type": "string"}}, r"^order\.x\[\]: maxLength missing"),
        ({"type": "object"}, r"^order\.x: properties missing"),
        ({"type": "object", "properties": {"y": {}}}, r"^order\.x\.y: type is None"),
    ],
)
def test_what_no_column_can_hold_is_refused(schema, message):
    with pytest.raises(ContractError, match=message):
        type_of(document({"x": schema}), "order")


@pytest.mark.parametrize(
    ("schema", "logical", "arrow", "spark"),
    [
        (TEXT, Scalar("string"), pa.string(), T.StringType()),
        (TEXT | {"type": ["string", "null"]}, Scalar("string"), pa.string(), T.StringType()),
        (COUNT, Scalar("long"), pa.int64(), T.LongType()),
        ({"type": "number"}, Scalar("double"), pa.float64(), T.DoubleType()),
        ({"type": "boolean"}, Scalar("boolean"), pa.bool_(), T.BooleanType()),
        (
            {"type": "number", "x-decimal": {"precision": 18, "scale": 2}},
            Decimal(18, 2),
            pa.decimal128(18, 2),
            T.DecimalType(18, 2),
        ),
        (
            {"type": "string", "format": "date-time"},
            Scalar("timestamp"),
            pa.timestamp("us", tz="UTC"),
            T.TimestampType(),
        ),
        ({"type": "string", "format": "date"}, Scalar("date"), pa.date32(), T.DateType()),
        (
            {"type": "array", "items": COUNT},
            Array(Scalar("long")),
            pa.list_(pa.int64()),
            T.ArrayType(T.LongType()),
        ),
        (
            {"type": "object", "properties": {"n": COUNT | {"description": "how many"}, "t": TEXT}},
            Struct((Field("n", Scalar("long"), "how many"), Field("t", Scalar("string"), ""))),
            pa.struct([("n", pa.int64()), ("t", pa.string())]),
            T.StructType([T.StructField("n", T.LongType()), T.StructField("t", T.StringType())]),
        ),
    ],
)
def test_each_keyword_has_one_type_everywhere(schema, logical, arrow, spark):
    found = type_of(schema, "x")
    assert found == logical
    assert arrow_type(found) == arrow
    assert spark_type(found) == spark


def test_columns_are_nullable_whatever_the_contract_requires():
    contract = Contract("order", Version(1, 0, 0), document({"name": TEXT}, required=["name"]))
    assert arrow_type(contract.data_type).field("name").nullable
    assert spark_type(contract.data_type)["name"].nullable


def test_valid_data_has_no_violation():
    assert violation({"name": TEXT}, {"name": "Jane"}) is None


def test_a_violation_says_where_what_and_why():
    items = {"type": "array", "items": {"type": "object", "properties": {"n": COUNT}}}
    found = violation({"items": items}, {"items": [{"n": 1}, {"n": 10}]})
    assert (found.path, found.found) == ("data.items.1.n", "an integer")
    assert found.expected == (
        "the value is greater than the maximum of 9 (contract rule properties/items/items/properties/n/maximum)"
    )


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (TEXT, "0123456789", "the value is longer than 9 characters"),
        (TEXT, 7, 'the value is not of type "string"'),
        (TEXT, None, 'the value is not of type "string"'),
        (COUNT, 1.5, 'the value is not of type "integer"'),
        ({"type": "string", "format": "date-time"}, "noon", 'the value is not a "date-time"'),
        ({"type": "string", "format": "date"}, "2026-02-30", 'the value is not a "date"'),
    ],
)
def test_messages_of_violations_show_no_value(schema, value, expected):
    found = violation({"x": schema}, {"x": value})
    assert found.expected.startswith(expected)
    assert str(value) not in found.expected or value is None


@pytest.mark.parametrize(
    ("amount", "is_valid"),
    [
        (0.07, True),
        (19.99, True),
        (9999999999999.99, True),
        (-9999999999999.99, True),
        (1.005, False),
        (0.1 + 0.2, False),
        (1e13, False),
        (-1e13, False),
    ],
)
def test_a_decimal_has_no_more_digits_than_a_json_number_keeps(amount, is_valid):
    schema = {"type": "number", "x-decimal": {"precision": 18, "scale": 2}}
    assert (violation({"x": schema}, {"x": amount}) is None) == is_valid


def test_a_decimal_keeps_the_narrower_of_its_bounds():
    schema = {"type": "number", "x-decimal": {"precision": 4, "scale": 2}, "minimum": 0}
    assert violation({"x": schema}, {"x": 99.99}) is None
    assert violation({"x": schema}, {"x": 100}).expected.startswith(
        "the value is greater than or equal to the maximum of 100"
    )
    assert violation({"x": schema}, {"x": -1}).expected.startswith("the value is less than the minimum of 0")


@pytest.mark.parametrize(("amount", "is_valid"), [(-99.99, True), (4.99, True), (-100, False), (5, False)])
def test_a_decimal_is_held_to_the_contracts_own_exclusive_bounds_too(amount, is_valid):
    bounds = {"exclusiveMinimum": -1000, "exclusiveMaximum": 5}
    schema = {"type": "number", "x-decimal": {"precision": 4, "scale": 2}} | bounds
    assert (violation({"x": schema}, {"x": amount}) is None) == is_valid


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "a boolean"),
        (7, "an integer"),
        (0.5, "a number"),
        ("Jane", "a string of 4 characters"),
        ([1, 2], "an array of 2 members"),
        ({"a": 1}, "an object of 1 members"),
    ],
)
def test_a_value_is_shown_by_its_kind(value, text):
    assert shown(value) == text
