from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from contracts.contract import load_contracts
from lake.columns import table_schema
from quality.flatten import as_frame, columns_to_read, flatten, together

CONTRACTS = load_contracts()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ITEMS = [{"line_total": Decimal("4.10")}, {"line_total": Decimal("5.20")}]
PARTS = {"shipping": Decimal("1.70"), "tax": Decimal("1.00"), "items": ITEMS}
PURCHASE = {
    "event_type": "purchase",
    "purchase": {"order_id": "o", "user_id": "u", "currency": "EUR", "total": Decimal("12.00")} | PARTS,
}
EDIT = {"event_type": "wikipedia_edit", "wikipedia_edit": {"time": NOON}}


def row(**columns):
    common = {"event_time": NOON, "event_date": NOON.date(), "is_late": False, "lateness_seconds": 0}
    return common | {"event_type": "page_view", "page_view": {"session_id": "s"}} | columns


def flat(name, *rows):
    table = pa.Table.from_pylist(list(rows), schema=table_schema(CONTRACTS))
    return together([flatten(table, [name], CONTRACTS)], [name])[name].to_pylist()


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


def test_a_total_is_compared_with_its_parts_to_the_cent():
    off = PURCHASE["purchase"] | {"total": Decimal("12.01")}
    bare = PURCHASE["purchase"] | {"items": [], "total": Decimal("2.70")}
    found = flat("purchase.total_difference", purchase(), edit(), purchase(purchase=off), purchase(purchase=bare))
    assert found == [Decimal("0.00"), None, Decimal("0.01"), Decimal("0.00")]


def test_products_are_known_unknown_or_not_named():
    known, unknown = {"product_id": "p1"}, None
    lists = ([known], [known, unknown], [], None)
    assert flat("are_products_known", *(row(products=entries) for entries in lists)) == [True, False, None, None]


def test_an_amount_is_converted_or_not_or_not_there():
    rows = [purchase(reporting={"amount": Decimal("11.00")}), purchase(), edit()]
    assert flat("is_amount_in_reporting_currency", *rows) == [True, False, None]
    assert flat("purchase.reporting_amount", *rows) == [Decimal("11.00"), None, None]


def test_days_are_counted_from_the_sign_up():
    on = [NOON.date(), date(2026, 11, 20), date(2026, 11, 23), None]
    assert flat("days_since_sign_up", *(row(customer={"signed_up_on": day}) for day in on)) == [0, 2, -1, None]


def test_the_hour_of_an_event_is_utc():
    assert flat("event_hour", row(), row(event_time=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))) == [12.0, 23.5]


def refund(amount, order_id="o", currency="EUR"):
    data = {"order_id": order_id, "currency": currency, "amount": Decimal(amount)}
    return row(event_type="refund", page_view=None, refund=data)


def test_refunds_of_an_order_are_added_up_and_taken_from_its_total():
    rows = [
        purchase(),
        refund("4.10"),
        refund("7.91"),
        refund("1.00", order_id="other"),
        refund("1.00", currency="USD"),
    ]
    assert flat("refund.left_after_refunds", *rows) == [None, Decimal("-0.01"), Decimal("-0.01"), None, None]
    assert flat("refund.left_after_refund", *rows) == [None, Decimal("7.90"), Decimal("4.09"), None, None]
    for name in ("refund.left_after_refund", "refund.left_after_refunds"):
        assert flat(name, refund("4.10")) == flat(name, edit()) == [None]


def test_a_purchase_may_be_in_another_file_or_on_a_day_before():
    names = ["refund.left_after_refunds"]
    tables = [pa.Table.from_pylist([r], schema=table_schema(CONTRACTS)) for r in (refund("5.00"), purchase())]
    ours, theirs = (flatten(table, names, CONTRACTS) for table in tables)
    assert together([ours, theirs], names)[names[0]].to_pylist() == [Decimal("7.00"), None]
    assert together([ours], names, earlier=theirs)[names[0]].to_pylist() == [Decimal("7.00")]


def test_decimals_become_doubles_where_pandas_takes_over():
    table = pa.Table.from_pylist([purchase()], schema=table_schema(CONTRACTS))
    frame = as_frame(together([flatten(table, ["purchase.total"], CONTRACTS)], ["purchase.total"]))
    assert frame["purchase.total"].dtype == "float64"


@pytest.mark.parametrize("status", ["running", "failed"])
def test_a_batch_that_is_not_visible_has_nothing_unaccounted(status):
    table = pa.Table.from_pylist([{"status": status, "raw_lines": 9, "rows": 1}])
    assert flatten(table, ["unaccounted_lines"], {})["unaccounted_lines"].to_pylist() == [None]
