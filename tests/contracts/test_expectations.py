"""The suite of the table events: how it is written, and that each expectation fails where it should."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from contracts.contract import load_contracts
from contracts.errors import ConfigurationError
from contracts.examples import example_of
from contracts.expectations import required_paths, with_derived
from lake.columns import table_schema
from lambdas.validation.flatten import flatten
from lambdas.validation.suite import columns_of, evaluate

TEXT = (Path(__file__).parents[2] / "expectations" / "events.json").read_text()
SUITE = json.loads(TEXT)
EXPECTATIONS = SUITE["expectations"]
CONTRACTS = load_contracts()
PARAMETERS = {"event_types": sorted(CONTRACTS), "batch_ids": ["b1"]}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WRITTEN = [e for e in EXPECTATIONS if e["meta"] == {"origin": "hand-written"}]
DERIVED = [e for e in EXPECTATIONS if e["meta"] == {"origin": "contract"}]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "false")


def row(number, event_type, **data):
    common = {"event_id": str(number), "source": "/shop", "batch_id": "b1", "ingest_position": f"p{number}"}
    times = {"event_time": NOON, "event_date": NOON.date(), "arrival_time": NOON}
    lateness = {"is_late": False, "lateness_seconds": 0}
    return {**common, **times, **lateness, "event_type": event_type, event_type: data}


def sound(number, event_type):
    """A row with the contract's own example in it."""
    text = json.dumps(example_of(CONTRACTS[event_type].document))
    data = json.loads(text, parse_float=Decimal)
    times = {"time": NOON} if event_type == "wikipedia_edit" else {}
    return row(number, event_type, **data | times) | {"customer": {"customer_id": "u"}}


def purchase(number):
    return sound(number, "purchase")


def refund(number):
    return sound(number, "refund")


def edit(number):
    return sound(number, "wikipedia_edit")


def verdicts(rows):
    table = pa.Table.from_pylist(rows, schema=pa.schema([f.with_nullable(True) for f in table_schema(CONTRACTS)]))
    return evaluate(flatten(table, columns_of(SUITE), CONTRACTS).to_pandas(), SUITE, PARAMETERS)


def failed(rows):
    return {(v.expectation.removeprefix("expect_"), v.column) for v in verdicts(rows) if not v.success}


def test_the_file_is_sorted_json_that_nothing_but_an_edit_changes():
    assert json.dumps(SUITE, indent=2, sort_keys=True) + "\n" == TEXT


def test_the_file_holds_what_the_contracts_say_and_nothing_stale():
    assert with_derived(SUITE, CONTRACTS) == SUITE
    assert [e for e in EXPECTATIONS if e["meta"] not in ({"origin": "hand-written"}, {"origin": "contract"})] == []


def test_an_expectation_that_is_missing_or_stale_is_found():
    missing = SUITE | {"expectations": [e for e in EXPECTATIONS if e != DERIVED[3]]}
    stale = SUITE | {"expectations": [*EXPECTATIONS, DERIVED[0] | {"description": "Every order is whole."}]}
    assert with_derived(missing, CONTRACTS) == with_derived(stale, CONTRACTS) == SUITE


def test_no_identifier_is_generated():
    assert '"id"' not in TEXT and "/home" not in TEXT and "rendered_content" not in TEXT


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda e: e["description"])
def test_an_expectation_says_what_why_and_how_severe(expectation):
    assert expectation["severity"] in ("critical", "warning")
    assert expectation["notes"].endswith(".") and len(expectation["notes"]) > 40
    assert expectation["description"].endswith(".") and expectation["description"] != expectation["notes"]


def test_descriptions_tell_expectations_apart():
    assert len({e["description"] for e in EXPECTATIONS}) == len(EXPECTATIONS)


@pytest.mark.parametrize("rows", [[purchase(1), refund(2), edit(3)], [edit(1), edit(2)], [purchase(1)]])
def test_sound_rows_keep_every_expectation(rows):
    assert failed(rows) == set()


NOT_NULL = "column_values_to_not_be_null"
IN_SET = "column_values_to_be_in_set"
BETWEEN = "column_values_to_be_between"
PLANTED = [
    ("compound_columns_to_be_unique", "source + event_id", {"event_id": "2"}),
    *[
        (NOT_NULL, column, {column: None})
        for column in (
            "event_id", "source", "event_type", "event_time", "event_date", "arrival_time", "ingest_position",
            "batch_id",
        )
    ],
    (IN_SET, "event_type", {"event_type": "wish_list_shared"}),
    (IN_SET, "batch_id", {"batch_id": "b2"}),
    ("column_values_to_be_unique", "ingest_position", {"ingest_position": "p2"}),
    (IN_SET, "is_event_date_of_event_time", {"event_date": datetime(2026, 11, 23, tzinfo=UTC).date()}),
    (IN_SET, "is_data_in_its_column", {"purchase": None}),
    (IN_SET, "is_time_within_contract", {"lateness_seconds": -3601}),
    (IN_SET, "is_late_as_contract_says", {"is_late": True}),
    (NOT_NULL, "purchase.total", {"purchase": {"order_id": "o", "total": None}}),
    (BETWEEN, "purchase.total", {"purchase": {"order_id": "o", "total": 0}}),
    (BETWEEN, "purchase.item_count", {"purchase": {"order_id": "o", "total": 5, "items": []}}),
    ("column_values_to_match_regex", "purchase.currency", {"purchase": {"order_id": "o", "total": 5, "currency": "€"}}),
    ("column_values_to_match_regex", "refund.currency", {"refund": {"refund_id": "r", "currency": "eur"}}),
    (BETWEEN, "refund.amount", {"refund": {"refund_id": "r", "amount": 0}}),
    (IN_SET, "is_customer_known", {"customer": None}),
]  # fmt: skip


@pytest.mark.parametrize(("expectation", "column", "planted"), PLANTED, ids=[f"{e}-{c}" for e, c, _ in PLANTED])
def test_an_expectation_fails_on_planted_data(expectation, column, planted):
    first = refund(1) if "refund" in planted else purchase(1)
    assert (expectation, column) in failed([first | planted, edit(2)])


def test_every_hand_written_expectation_has_planted_data():
    columns = (" + ".join(e["kwargs"].get("column_list", [])) or e["kwargs"]["column"] for e in WRITTEN)
    written = [(e["type"].removeprefix("expect_"), c) for e, c in zip(WRITTEN, columns, strict=True)]
    assert written == [(expectation, column) for expectation, column, _ in PLANTED]


def breaking(kwargs):
    """The row that a derived expectation is about, broken in that one place."""
    prefix, _, rest = kwargs["column"].partition(".")
    if prefix == "has_required_fields":
        broken, path = sound(1, rest), required_paths(CONTRACTS[rest])[-1]
        value, event_type = None, rest
    else:
        broken, path, event_type = sound(1, prefix), rest.split("."), prefix
        value = kwargs["min_value"] - 1 if "min_value" in kwargs else "no such value"
    inner = broken[event_type]
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return broken


@pytest.mark.parametrize("derived", DERIVED, ids=lambda e: e["kwargs"]["column"])
def test_a_derived_expectation_fails_on_a_row_broken_in_its_place(derived):
    place = (derived["type"].removeprefix("expect_"), derived["kwargs"]["column"])
    assert place in failed([breaking(derived["kwargs"]), sound(2, "sign_up")])


def test_counts_are_told_and_values_are_not():
    secret = [v for v in verdicts([purchase(1) | {"event_type": "secret"}, edit(2)]) if not v.success]
    assert "1 of 2 values break it" in {v.found for v in secret}
    assert "secret" not in repr(secret)


def test_an_expectation_that_does_not_exist_is_not_passed_over():
    suite = SUITE | {"expectations": [EXPECTATIONS[0], EXPECTATIONS[1] | {"type": "expect_wonders"}]}
    with pytest.raises(ConfigurationError, match="reads 1 of 2 expectations"):
        evaluate(None, suite, PARAMETERS)


def test_a_column_that_is_not_there_fails_its_expectation():
    only = SUITE | {"expectations": [EXPECTATIONS[1]]}
    (verdict,) = evaluate(pa.table({"other": [1]}).to_pandas(), only, PARAMETERS)
    assert not verdict.success
    assert 'column "event_id"' in verdict.found
