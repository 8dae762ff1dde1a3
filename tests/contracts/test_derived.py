"""What follows from a contract: the baseline of expectations, the example event and the reference pages."""

import json
import shutil
from pathlib import Path

import pytest

from cli.export import export
from cli.export.derived import derived_differences, write_derived
from contracts.contract import load_contracts, read_contract
from contracts.errors import ContractError
from contracts.examples import check_example, example_event, example_of
from contracts.expectations import derived_expectations, required_paths
from contracts.field_rows import field_rows, in_words
from contracts.pages import index, page
from contracts.validator import DataValidator

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts()
TEXT = {"type": "string", "maxLength": 9}
COUNT = {"type": "integer", "minimum": 0, "maximum": 9}
MONEY = {"type": "number", "x-decimal": {"precision": 9, "scale": 2}}


def closed(**properties):
    return {"type": "object", "additionalProperties": False, "properties": properties}


def contract(required=(), top=None, **properties):
    identifier = {"$id": "urn:tributary:contract:order:1-2-0", "description": "One event per order."}
    document = identifier | closed(**properties) | {"required": [*required]} | (top or {})
    return read_contract("order.json", json.dumps(document))


def test_required_fields_are_followed_into_objects_that_are_always_there():
    shipped = closed(to=TEXT, note=TEXT) | {"required": ["to"]}
    order = contract(
        ["id", "who", "names", "ship", "maybe", "lines"],
        id=TEXT,
        who=TEXT | {"x-pii": "drop"},
        names={"type": "array", "items": TEXT | {"x-pii": "drop"}},
        ship=shipped,
        gift=shipped,
        maybe=shipped | {"type": ["object", "null"]},
        lines={"type": "array", "items": closed(sku=TEXT) | {"required": ["sku"]}},
    )
    assert required_paths(order) == [("id",), ("ship", "to"), ("lines",)]


def test_a_contract_that_stores_nothing_is_refused():
    with pytest.raises(ContractError, match="order: x-pii drops every field; expected at least one that is stored"):
        contract(id=TEXT | {"x-pii": "drop"})


def test_the_baseline_has_one_entry_a_type_and_one_a_list_or_bound():
    order = contract(
        ["id", "count"],
        id=TEXT,
        count=COUNT,
        kind=TEXT | {"enum": ["b", "a"]},
        masked=TEXT | {"enum": ["a"], "x-pii": "hash"},
        paid=MONEY | {"exclusiveMinimum": 0, "minimum": -1},
        any={"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        nested=closed(share={"type": "number", "exclusiveMaximum": 1, "maximum": 1}),
    )
    found = [(e["type"].removeprefix("expect_column_values_to_be_"), e["kwargs"]) for e in derived_expectations(order)]
    assert found == [
        ("in_set", {"column": "has_required_fields.order", "value_set": [True]}),
        ("between", {"column": "order.count", "min_value": 0, "max_value": 9}),
        ("in_set", {"column": "order.kind", "value_set": ["a", "b"]}),
        ("between", {"column": "order.paid", "min_value": 0, "strict_min": True}),
        ("between", {"column": "order.nested.share", "max_value": 1, "strict_max": True}),
    ]
    assert [e["meta"]["id"] for e in derived_expectations(order)] == [
        "order.required_fields",
        "order.count.within_contract",
        "order.kind.listed_in_contract",
        "order.paid.within_contract",
        "order.nested.share.within_contract",
    ]


@pytest.mark.parametrize("event_type", CONTRACTS)
def test_the_example_event_is_accepted_by_its_own_contract(event_type):
    event = example_event(CONTRACTS[event_type])
    assert DataValidator(CONTRACTS[event_type].document).violation(event["data"]) is None
    assert event["dataschema"] == CONTRACTS[event_type].document["$id"]


def test_an_example_is_newer_than_the_oldest_time_its_type_accepts():
    order = contract(x=TEXT, top={"x-event-time": {"earliest": "2030-01-01T00:00:00+01:00"}})
    assert example_event(order)["time"] == "2029-12-31T23:00:00Z"


@pytest.mark.parametrize(
    ("node", "value"),
    [
        (TEXT, "text"),
        (TEXT | {"maxLength": 2}, "te"),
        (TEXT | {"minLength": 6}, "texttt"),
        (TEXT | {"examples": ["a", "b"]}, "a"),
        (TEXT | {"type": ["null", "string"], "enum": [None, "b"]}, "b"),
        (TEXT | {"maxLength": 64, "format": "uuid"}, "123e4567-e89b-42d3-a456-426614174000"),
        ({"type": "string", "format": "date"}, "2026-11-22"),
        (COUNT, 1),
        (COUNT | {"minimum": 3}, 3),
        (COUNT | {"minimum": 5, "multipleOf": 4}, 8),
        (COUNT | {"minimum": -9, "maximum": -5, "exclusiveMaximum": -6}, -9),
        (MONEY | {"exclusiveMinimum": 2}, 3),
        ({"type": "number", "minimum": 0.2, "maximum": 0.5}, 0.2),
        ({"type": "array", "items": COUNT, "minItems": 2}, [1, 1]),
        ({"type": "array", "items": COUNT, "maxItems": 0}, []),
        (closed(a=TEXT, b={"type": "boolean"}), {"a": "text", "b": True}),
    ],
)
def test_an_example_keeps_the_rules_of_its_field(node, value):
    assert example_of(node) == value
    check_example(contract(x=node))


def test_a_field_whose_rules_give_no_example_needs_one():
    with pytest.raises(ContractError) as refused:
        check_example(contract(x=closed(code=TEXT | {"pattern": "^[A-Z]{3}$"})))
    assert str(refused.value).startswith(
        "order.x.code: no example can be made from its rules (the value does not match"
    )
    assert str(refused.value).endswith(
        'expected one, for the reference page. Add "examples" with a value to the field.'
    )


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (TEXT | {"minLength": 9}, "string, 9 characters"),
        (TEXT | {"type": ["string", "null"], "pattern": "^a"}, "string or null, up to 9 characters, matches `^a`"),
        (TEXT | {"enum": ["a", "b"]}, "string, one of `a`, `b`"),
        ({"type": "string", "format": "date-time"}, "date-time"),
        (COUNT | {"minimum": 1, "maximum": 10000}, "integer, 1 to 10,000"),
        ({"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "integer, at least 0"),
        (MONEY | {"exclusiveMinimum": 0}, "decimal(9, 2), above 0"),
        ({"type": "array", "items": TEXT, "minItems": 1}, "array, at least 1 elements"),
        ({"type": "boolean"}, "boolean"),
    ],
)
def test_a_field_is_told_in_words(node, words):
    assert in_words(node) == words


def test_elements_of_an_array_have_rows_of_their_own():
    order = contract(tags={"type": "array", "items": TEXT}, lines={"type": "array", "items": closed(sku=TEXT)})
    assert [row.path for row in field_rows(order)] == ["tags", "tags[]", "lines", "lines[].sku"]


def test_a_page_says_what_the_contract_says():
    order = contract(["paid"], paid=MONEY | {"x-unit": "EUR", "description": "what was paid | in all"}, who=TEXT)
    text = page(order)
    assert "# order\n\nOne event per order.\n" in text
    assert "| contract | `urn:tributary:contract:order:1-2-0` |" in text
    assert "| event time | from 2020-01-01 00:00 UTC, up to 1 h ahead |" in text
    assert "| `paid` | decimal(9, 2) | yes | EUR | | what was paid \\| in all |" in text
    assert "| `who` | string, up to 9 characters | | | | |" in text
    assert json.loads(text.split("```json\n")[1].split("```")[0]) == example_event(order)
    assert "| [order](order.md) | 1-2-0 | 2 | One event per order. |" in index({"order": order})


def test_the_pages_and_the_baseline_are_what_the_contracts_say():
    assert derived_differences(ROOT) == []


@pytest.fixture
def checkout(tmp_path):
    """A checkout with contracts, pages, suite and no notebook."""
    for folder in ("contracts", "docs/contracts", "expectations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def test_a_changed_contract_is_told_until_it_is_exported(checkout, monkeypatch, capsys):
    file = checkout / "contracts/refund.json"
    file.write_text(file.read_text().replace('"exclusiveMinimum": 0', '"exclusiveMinimum": 1'))
    (checkout / "docs/contracts/gone.md").write_text("stale")
    monkeypatch.setattr(export, "ROOT", checkout)
    assert export.main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "docs/contracts/refund.md differs from what the contracts say; change the contract, then run `make export`.",
        "expectations/events.json differs from what the contracts say; change the contract, then run `make export`.",
        "docs/contracts/gone.md is the page of no contract; run `make export`.",
    ]
    assert write_derived(checkout) == [Path("docs/contracts/refund.md"), Path("expectations/events.json")]
    assert derived_differences(checkout) == [] and not (checkout / "docs/contracts/gone.md").exists()


def test_rules_stay_where_a_contract_goes(checkout):
    suite = json.loads((checkout / "expectations/events.json").read_text())
    (checkout / "contracts/refund.json").unlink()
    write_derived(checkout)
    left = json.loads((checkout / "expectations/events.json").read_text())["expectations"]
    gone = [e["meta"]["id"] for e in suite["expectations"] if e not in left]
    assert gone == ["refund.required_fields", "refund.amount.within_contract", "refund.reason.listed_in_contract"]
