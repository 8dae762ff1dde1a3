"""A contract that cannot be stored or validated is refused when it is written."""

import json
import subprocess
import sys

import pytest

from contracts.contract import load_contracts, read_contract, storable_contract
from contracts.errors import ContractError
from contracts.flat import flat_columns
from contracts.reserved import COMMON_COLUMNS, ENRICHMENT_COLUMNS
from lake.columns import COMMON, ENRICHMENT

TEXT = {"type": "string", "maxLength": 9}
COUNT = {"type": "integer", "minimum": 0, "maximum": 9}
MONEY = {"type": "number", "x-decimal": {"precision": 18, "scale": 2}}


def closed(**properties):
    return {"type": "object", "additionalProperties": False, "properties": properties}


def read(event_type="order", **changes):
    document = {"$id": f"urn:tributary:contract:{event_type}:1-0-0", **closed(x=TEXT), **changes}
    return read_contract(f"{event_type}.json", json.dumps(document))


def refusal(event_type="order", **changes):
    with pytest.raises(ContractError) as refused:
        read(event_type, **changes)
    return str(refused.value)


def test_each_annotation_is_allowed_where_it_means_something():
    contract = read(
        **closed(
            who=TEXT | {"x-pii": "hash", "x-reference": "customers", "title": "t", "$comment": "c", "deprecated": True},
            agent=TEXT | {"x-user-agent": True},
            medium=TEXT | {"x-channel": "medium"},
            price=MONEY | {"x-currency": "medium"},
            size=COUNT | {"x-unit": "bytes", "default": 0, "examples": [7], "multipleOf": 1},
            paid=MONEY | {"description": "what was paid", "enum": [0.5, 19.99], "x-unit": "EUR"},
            tags={"type": ["array", "null"], "items": TEXT, "uniqueItems": True, "minItems": 1, "maxItems": 3},
            at={"type": "string", "format": "date-time", "const": "2026-11-22T10:00:00Z"},
        ),
        required=["who"],
        **{"x-publish": False, "$schema": "https://json-schema.org/draft/2020-12/schema"},
    )
    names = ["who", "agent", "medium", "price", "size", "paid", "tags", "at"]
    assert [field.name for field in contract.data_type.fields] == names
    assert contract.amount == (("price",), ("medium",))


@pytest.mark.parametrize(
    ("keyword", "way_out"),
    [
        ("$ref", "Write the schema out where it is used."),
        ("$defs", "Write the schema out where it is used."),
        ("oneOf", "Give the field one type; alternatives are optional fields"),
        ("anyOf", "Give the field one type"),
        ("allOf", "Give the field one type"),
        ("not", "Give the field one type"),
        ("if", "Rules over several fields belong into the transform; remove it."),
        ("dependentRequired", "Rules over several fields belong into the transform"),
        ("patternProperties", "Name each field in properties, or send an array of objects with a key and a value."),
        ("prefixItems", "Send an object with a name for each position."),
    ],
)
def test_a_keyword_that_no_column_can_follow_is_refused_with_the_way_out(keyword, way_out):
    message = refusal(**closed(x=TEXT, y={keyword: {}}))
    assert message.startswith(f"order.y: {keyword} is not supported: no column could follow it. {way_out}")


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (True, "order.y: the schema is True; expected an object with a type. Describe the field."),
        ({"type": ["string", "null", "null"]}, "order.y: type is ['string', 'null', 'null']; expected one of"),
        ({"type": [["string"]]}, "order.y: type is [['string']]; expected one of"),
        (TEXT | {"minimum": 1}, "order.y: minimum is not supported on type string; expected some of $comment, const,"),
        (TEXT | {"x-piii": "hash"}, "order.y: x-piii is not supported on type string; expected some of"),
        (TEXT | {"x-publish": True}, "order.y: x-publish is not supported on type string"),
        (TEXT | {"x-pii": "mask"}, "order.y: x-pii is 'mask'; expected one of drop, hash, truncate_ip. Mend it."),
        (COUNT | {"x-pii": "hash"}, "order.y: x-pii is not supported on type integer"),
        (
            {"type": "string", "format": "date-time", "x-pii": "hash"},
            "order.y: x-pii is 'hash' on a date-time; expected it on text only, since a mask is text. Remove x-pii,",
        ),
        (TEXT | {"x-reference": "shops"}, "order.y: x-reference is 'shops'; expected one of customers, products."),
        (COUNT | {"x-unit": " "}, "order.y: x-unit is ' '; expected a text that is not empty. Mend it."),
        (TEXT | {"format": "colour"}, "order.y: format is 'colour'; expected one of date, date-time,"),
        ({"type": "string", "maxLength": 9.0}, "order.y: maxLength is 9.0; expected an integer of 0 or more. Mend it."),
        ({"type": "string", "maxLength": True}, "order.y: maxLength is True; expected an integer of 0 or more."),
        (COUNT | {"maximum": 1e3}, "order.y: maximum is 1000.0; expected an integer, written without a point. Mend"),
        (COUNT | {"minimum": 10}, "order.y: minimum is 10 and maximum is 9; expected minimum up to maximum. Mend one"),
        (TEXT | {"minLength": 10}, "order.y: minLength is 10 and maxLength is 9; expected minLength up to maxLength."),
        (MONEY | {"x-decimal": {"precision": 9}}, "order.y: x-decimal is {'precision': 9}; expected precision and"),
        (
            MONEY | {"x-decimal": {"precision": "9", "scale": 1}},
            "order.y: x-decimal is {'precision': '9', 'scale': 1};",
        ),
        (
            MONEY | {"multipleOf": 0.05},
            "order.y: multipleOf is 0.05 beside x-decimal, whose scale says the same. Remove multipleOf.",
        ),
        ({"type": "number", "multipleOf": 0}, "order.y: multipleOf is 0; expected a number above 0. Mend it."),
        (TEXT | {"enum": []}, "order.y: enum is []; expected a list that is not empty. Mend it."),
        (closed(), "order.y: properties is {}; expected at least one field; Parquet cannot store an empty struct."),
        (
            {"type": "object", "properties": {"z": TEXT}},
            "order.y: additionalProperties is missing; expected false, since a field that no column holds would be "
            'lost. Add "additionalProperties": false.',
        ),
        (
            closed(z=TEXT) | {"additionalProperties": True},
            "order.y: additionalProperties is True; expected false. Mend",
        ),
        (closed(z=TEXT) | {"additionalProperties": 0}, "order.y: additionalProperties is 0; expected false. Mend"),
        (
            closed(z=TEXT) | {"required": ["z", "q"]},
            "order.y: required names ['q']; expected fields of properties. Describe them there, or leave them out.",
        ),
        (closed(z=TEXT) | {"required": ["z", "z"]}, "order.y: required is ['z', 'z']; expected a list of field names,"),
        ({"type": "array", "items": [TEXT]}, "order.y: items is [{'type': 'string', 'maxLength': 9}]; expected a JSON"),
        (
            {"type": "array", "items": {"type": "array", "items": TEXT | {"enum": 1}}},
            "order.y[][]: enum is 1; expected",
        ),
        (
            closed(**{"unit price": COUNT}),
            "order.y: field 'unit price' is no name for a column; expected letters, digits and underscores, no digit "
            "first, 128 characters at most. Rename it.",
        ),
        (closed(**{"1st": COUNT}), "order.y: field '1st' is no name for a column"),
        (closed(größe=COUNT), "order.y: field 'größe' is no name for a column"),
        (closed(**{"a:b": COUNT}), "order.y: field 'a:b' is no name for a column"),
        (closed(**{"a" * 129: COUNT}), f"order.y: field '{'a' * 129}' is no name for a column"),
        (
            closed(id=TEXT, ID=TEXT),
            "order.y: two fields differ only in case, which Athena cannot tell apart: ['ID', 'id']. Rename one.",
        ),
    ],
)
def test_what_cannot_be_stored_or_honoured_is_refused(node, message):
    assert refusal(**closed(x=TEXT, y=node)).startswith(message)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (TEXT | {"enum": ["a", 7]}, "order.y: enum holds 7, which breaks the field's own schema:"),
        (TEXT | {"enum": ["a", None]}, "order.y: enum holds None, which breaks the field's own schema:"),
        (TEXT | {"const": "0123456789"}, "order.y: const holds '0123456789', which breaks"),
        (
            COUNT | {"default": 10},
            "order.y: default holds 10, which breaks the field's own schema: the value is greater",
        ),
        (MONEY | {"examples": [1.5, 1.005]}, "order.y: examples holds 1.005, which breaks the field's own schema:"),
        (TEXT | {"pattern": "^a", "examples": ["b"]}, "order.y: examples holds 'b', which breaks"),
        (closed(z=TEXT) | {"examples": [{"q": 1}]}, "order.y: examples holds {'q': 1}, which breaks"),
        (
            {"type": "array", "items": TEXT | {"pattern": "(["}},
            "order.y[]: pattern is '(['; expected a regular expression of ECMA-262 that the validator can compile.",
        ),
    ],
)
def test_what_the_engine_cannot_follow_is_refused(node, message):
    assert refusal(**closed(x=TEXT, y=node)).startswith(message)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ([], "order: x-event-time is []; expected an object with some of earliest, ahead_seconds, late_after_seconds."),
        ({"latest": 1}, "order: x-event-time is {'latest': 1}; expected an object with some of"),
        ({"earliest": "2020-01-01"}, "order: x-event-time.earliest is '2020-01-01'; expected an RFC 3339 time"),
        ({"earliest": "2020-01-01T00:00:00"}, "order: x-event-time.earliest is '2020-01-01T00:00:00'; expected"),
        ({"earliest": "2020-02-30T00:00:00Z"}, "order: x-event-time.earliest is '2020-02-30T00:00:00Z'; expected"),
        ({"earliest": "0001-01-01T00:00:00+01:00"}, "order: x-event-time.earliest is '0001-01-01T00:00:00+01:00';"),
        ({"ahead_seconds": -1}, "order: x-event-time.ahead_seconds is -1; expected an integer from 0 to"),
        ({"ahead_seconds": 1.5}, "order: x-event-time.ahead_seconds is 1.5; expected an integer from 0 to"),
        (
            {"ahead_seconds": 10**12},
            "order: x-event-time.ahead_seconds is 1000000000000; expected an integer from 0 to",
        ),
        ({"late_after_seconds": True}, "order: x-event-time.late_after_seconds is True; expected an integer"),
    ],
)
def test_time_bounds_are_times_and_seconds(bounds, message):
    assert refusal(**{"x-event-time": bounds}).startswith(message)


def test_an_event_type_has_no_name_that_the_lake_has_taken():
    assert refusal("batch_id") == ("event type 'batch_id' has the name of a common column. Rename the event type.")
    assert refusal("rejected") == (
        "event type 'rejected' would have the view rejected_events, which is a table already. Rename the event type."
    )


AMOUNT = MONEY | {"x-currency": "code"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"agent": TEXT | {"x-user-agent": False}}, "order.agent: x-user-agent is False; expected true."),
        (
            {"medium": TEXT | {"x-channel": "campaign"}},
            "order.medium: x-channel is 'campaign'; expected one of source,",
        ),
        (
            {"agents": {"type": "array", "items": TEXT | {"x-user-agent": True}}},
            "order.agents[]: x-user-agent is in an array; expected it on one value an event. Mark a field outside",
        ),
        (
            {"total": AMOUNT, "paid": closed(tax=AMOUNT, code=TEXT), "code": TEXT},
            "order: x-currency is on order.total, order.paid.tax; expected one amount, the one that an event is about.",
        ),
        ({"total": AMOUNT}, "order.total: x-currency is 'code'; expected the name of a string beside it"),
        (
            {"total": AMOUNT, "code": COUNT},
            "order.total: x-currency is 'code'; expected the name of a string beside it",
        ),
        (
            {"total": {"type": "number", "x-currency": "code"}, "code": TEXT},
            "order.total: x-currency is on a double; expected an x-decimal of 18 digits at most. Mend x-decimal.",
        ),
        (
            {"total": AMOUNT | {"x-decimal": {"precision": 19, "scale": 2}}, "code": TEXT},
            "order.total: x-currency is on 19 digits; expected an x-decimal of 18 digits at most.",
        ),
    ],
)
def test_what_enrichment_looks_at_is_one_value_an_event(fields, message):
    assert refusal(**closed(**fields)).startswith(message)


def test_names_that_the_lake_has_taken_are_those_of_its_columns():
    assert list(COMMON_COLUMNS) == COMMON.names
    assert list(ENRICHMENT_COLUMNS) == ENRICHMENT.names


def test_two_fields_are_not_one_column_of_the_view():
    assert refusal(**closed(page_url=TEXT, page=closed(URL=TEXT))) == (
        "order: fields page_url and page.URL would be one column of the view order_events, which joins names with an "
        "underscore. Rename one."
    )
    deep = closed(**{"b" * 128: closed(c=TEXT)})
    assert refusal(**closed(**{"a" * 126: deep})).endswith(
        "a name of 257 characters; expected 255 at most. Shorten a name."
    )


def test_fields_lie_side_by_side_and_yield_to_the_lakes_columns():
    contract = read(
        **closed(source=TEXT, page=closed(url=TEXT, size=closed(n=COUNT)), tags={"type": "array", "items": TEXT})
    )
    found = [(c.name, ".".join(c.path)) for c in flat_columns("order", contract.data_type)]
    assert found == [
        ("order_source", "source"), ("page_url", "page.url"), ("page_size_n", "page.size.n"), ("tags", "tags"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "object", "type": "object"}', "order.json: not JSON ('type' is there twice). Mend the file."),
        ('{"x": NaN}', "order.json: not JSON (NaN is no number). Mend the file."),
        ("[]", "order.json: a JSON list; expected an object, a JSON Schema."),
        ('{"$id": 7}', "order.json: $id is 7; expected 'urn:tributary:contract:order:MODEL-REVISION-ADDITION'"),
    ],
)
def test_a_file_that_json_leaves_open_is_refused(text, message):
    with pytest.raises(ContractError) as refused:
        read_contract("order.json", text)
    assert str(refused.value).startswith(message)


def test_functions_load_contracts_without_the_validators_engine():
    heavy = ("jsonschema_rs", "jsonschema", "hypothesis", "rich", "pyarrow", "great_expectations")
    code = (
        "import sys; from contracts.contract import load_contracts; load_contracts();"
        f"print(sorted(set(sys.modules) & set({heavy})))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_is_loaded_was_storable_when_it_was_written():
    for contract in load_contracts().values():
        read_contract(f"{contract.event_type}.json", json.dumps(contract.document))
        storable_contract(f"{contract.event_type}.json", json.dumps(contract.document))
