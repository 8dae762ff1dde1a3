from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from contracts.contract import load_contracts
from lake.columns import table_schema
from lambdas.validation.flatten import columns_to_read, flatten

CONTRACTS = load_contracts()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PURCHASE = {"event_type": "purchase", "purchase": {"order_id": "o", "user_id": "u", "total": 12, "items": [{}, {}]}}
EDIT = {"event_type": "wikipedia_edit", "wikipedia_edit": {"time": NOON}}


def row(**columns):
    common = {"event_time": NOON, "event_date": NOON.date(), "is_late": False, "lateness_seconds": 0}
    return common | {"event_type": "page_view", "page_view": {"session_id": "s"}} | columns


def flat(name, *rows):
    table = pa.Table.from_pylist(list(rows), schema=table_schema(CONTRACTS))
    return flatten(table, [name], CONTRACTS)[name].to_pylist()


def purchase(**columns):
    return row(page_view=None, **PURCHASE | columns)


def edit(**columns):
    return row(page_view=None, **EDIT | columns)


def test_members_of_structs_have_dotted_names():
    assert flat("purchase.total", purchase(), edit()) == [12.0, None]


def test_a_column_younger_than_the_file_is_null():
    assert flatten(pa.table({"event_id": ["1"]}), ["purchase.total"], CONTRACTS)["purchase.total"].to_pylist() == [None]


def test_the_event_date_is_compared_with_the_event_time():
    found = flat("is_event_date_of_event_time", row(), row(event_date=date(2026, 11, 21)))
    assert found == [True, False]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (purchase(), True),
        (edit(), True),
        (purchase(purchase=None), False),
        (purchase(wikipedia_edit=EDIT["wikipedia_edit"]), False),
    ],
)
def test_data_belongs_into_the_column_of_its_type(rows, expected):
    assert flat("is_data_in_its_column", rows) == [expected]


def test_time_bounds_are_those_of_the_contract():
    old = datetime(2015, 9, 12, tzinfo=UTC)
    rows = [edit(event_time=old), purchase(event_time=old), purchase(lateness_seconds=-3600)]
    assert flat("is_time_within_contract", *rows, purchase(lateness_seconds=-3601)) == [True, False, True, False]


def test_the_late_flag_is_compared_with_the_lateness():
    rows = [row(lateness_seconds=86400), row(lateness_seconds=86401), row(lateness_seconds=86401, is_late=True)]
    assert flat("is_late_as_contract_says", *rows) == [True, False, True]


def test_items_are_counted():
    assert flat("purchase.item_count", purchase(), edit()) == [2, None]


def test_a_row_has_its_required_fields_or_is_of_another_type():
    seen = {"user_id": "u", "session_id": "s", "duration_ms": 1, "user_agent": "a", "page": {"url": "/", "title": "t"}}
    lacking, nested = seen | {"user_agent": None}, seen | {"page": {"url": None, "title": "t"}}
    rows = [row(page_view=data) for data in (seen, lacking, nested, seen | {"page": None})]
    assert flat("has_required_fields.page_view", *rows, edit()) == [True, False, False, False, None]


def test_a_customer_is_known_unknown_or_not_named():
    rows = [purchase(customer={"customer_id": "u"}), purchase(), edit()]
    assert flat("is_customer_known", *rows) == [True, False, None]


def test_only_what_is_named_is_read():
    assert columns_to_read(["event_id", "purchase.item_count"], CONTRACTS) == ["event_id", "purchase.items"]
    assert "wikipedia_edit.time" in columns_to_read(["is_data_in_its_column"], CONTRACTS)
