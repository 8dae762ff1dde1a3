"""Enrichment: keys are looked up by the contracts' references, misses are null and counted, columns are the table's."""

import json
import random
import time
from datetime import date

import pyarrow as pa
import pytest

from contracts.contract import load_contracts, read_contract
from contracts.errors import PipelineError
from enrichment.enrich import Misses, as_stored, checked_reference, count_misses, with_customer, with_products
from lake.columns import CUSTOMER, PRODUCT, staged_schema

CONTRACTS = load_contracts()
ANNA = {"customer_id": "anna", "segment": "loyal", "home_country": "DE", "signed_up_on": date(2024, 5, 1)}
BEN = {"customer_id": "ben", "segment": "new", "home_country": None, "signed_up_on": None}
TEA = {"product_id": "tea", "name": "Tea", "category": "food", "brand": "A"}
CUP = {"product_id": "cup", "name": "Cup", "category": "home", "brand": "B"}
CUSTOMERS = checked_reference("customers", pa.Table.from_pylist([ANNA, BEN]), CUSTOMER)
PRODUCTS = checked_reference("products", pa.Table.from_pylist([TEA, CUP]), PRODUCT)


def rows(*events, contracts=CONTRACTS):
    """Events as (type, data) with the columns that enrichment looks at."""
    schema = pa.schema([staged_schema(contracts).field(name) for name in ("event_type", *contracts)])
    return pa.Table.from_pylist([{"event_type": t, t: data} for t, data in events], schema=schema)


def purchase(user, *products):
    return "purchase", {"user_id": user, "items": [{"product_id": product} for product in products]}


def enriched(events, contracts=CONTRACTS):
    return with_products(with_customer(events, contracts, CUSTOMERS), contracts, PRODUCTS)


def test_the_customer_is_the_one_that_the_contract_names():
    events = rows(purchase("ben"), ("page_view", {"user_id": "anna"}), ("wikipedia_edit", {"user": "anna"}))
    assert with_customer(events, CONTRACTS, CUSTOMERS)["customer"].to_pylist() == [BEN, ANNA, None]


def test_a_customer_that_is_not_known_is_null_and_a_miss():
    table = enriched(rows(purchase("nobody", "tea"), purchase("anna", "tea"), ("wikipedia_edit", {"user": "x"})))
    assert table["customer"].to_pylist() == [None, ANNA, None]
    assert count_misses(table, CONTRACTS) == Misses(customers=1, products=0)


def test_products_are_distinct_in_the_order_of_mention():
    table = with_products(rows(purchase("anna", "cup", "tea", "cup"), purchase("anna", "tea")), CONTRACTS, PRODUCTS)
    assert table["products"].to_pylist() == [[CUP, TEA], [TEA]]


def test_a_product_that_is_not_known_keeps_its_place():
    table = enriched(rows(purchase("anna", "gone", "tea", "gone", "lost")))
    assert table["products"].to_pylist() == [[None, TEA, None]]
    assert count_misses(table, CONTRACTS) == Misses(customers=0, products=2)


def test_a_type_that_names_products_has_a_list_and_others_have_null():
    events = rows(
        ("page_view", {"user_id": "anna", "product_id": None}),
        ("page_view", {"user_id": "anna", "product_id": "tea"}),
        ("sign_up", {"user_id": "anna"}),
        ("purchase", {"user_id": "anna", "items": None}),
        ("purchase", {"user_id": "anna", "items": []}),
    )
    assert with_products(events, CONTRACTS, PRODUCTS)["products"].to_pylist() == [[], [TEA], None, [], []]


def test_several_references_of_one_type_are_mentioned_in_the_order_of_the_contract():
    key = {"type": "string", "maxLength": 9}
    document = {
        "$id": "urn:tributary:contract:swap:1-0-0",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "wanted": key | {"x-reference": "products"},
            "given": {"type": "array", "items": key | {"x-reference": "products"}},
            "seller": key | {"x-reference": "customers"},
            "buyer": key | {"x-reference": "customers"},
        },
    }
    contracts = {"swap": read_contract("swap.json", json.dumps(document))}
    swaps = [
        {"wanted": "tea", "given": ["cup", "tea"], "seller": None, "buyer": "ben"},
        {"given": ["tea"], "seller": "anna"},
    ]
    table = enriched(rows(*(("swap", swap) for swap in swaps), contracts=contracts), contracts)
    assert table["products"].to_pylist() == [[TEA, CUP], [TEA]]
    assert table["customer"].to_pylist() == [BEN, ANNA]


@pytest.mark.parametrize("count", [0, 1])
def test_few_rows_have_the_same_columns_as_many(count):
    table = enriched(rows(*count * [purchase("anna", "tea")]))
    assert len(table) == count
    assert table.schema.field("customer").type == CUSTOMER and table.schema.field("products").type == pa.list_(PRODUCT)


def test_rows_in_several_chunks_and_slices_are_enriched_alike():
    events = rows(
        *(purchase(user, *products) for user, *products in [("x", "tea"), ("ben", "cup"), ("anna",), ("ben", "x")])
    )
    chunks = pa.concat_tables([events.slice(1, 1), events.slice(2, 2)])
    assert enriched(chunks).to_pylist() == enriched(events).slice(1, 3).to_pylist()


def test_enrichment_agrees_with_a_loop_over_rows():
    chance = random.Random(7)
    known = {"tea": TEA, "cup": CUP}
    bought = [[chance.choice(["tea", "cup", "x", "y"]) for _ in range(chance.randrange(5))] for _ in range(500)]
    table = enriched(rows(*(purchase(chance.choice(["anna", "x"]), *products) for products in bought)))
    assert table["products"].to_pylist() == [[known.get(p) for p in dict.fromkeys(products)] for products in bought]
    assert count_misses(table, CONTRACTS).products == sum(len({*products} & {"x", "y"}) for products in bought)


def test_a_hundred_thousand_rows_take_no_loop_over_rows():
    events = rows(*(purchase("anna", "cup", "tea") for _ in range(1000)))
    many = pa.concat_tables(100 * [events]).combine_chunks()
    started = time.process_time()
    assert len(enriched(many)) == 100_000
    assert time.process_time() - started < 10, "a loop in Python would take longer, and so would the batch"


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (CUSTOMERS.slice(0, 0), "customers has no rows; expected at least one."),
        (
            CUSTOMERS.drop_columns(["segment"]),
            "customers has no column segment; expected the columns customer_id, segment",
        ),
        (pa.concat_tables([CUSTOMERS, CUSTOMERS]), "customers has 0 rows without customer_id and 2 that repeat one"),
        (
            pa.Table.from_pylist([ANNA, ANNA | {"customer_id": None}]),
            "customers has 1 rows without customer_id and 0 that",
        ),
        (pa.Table.from_pylist([ANNA | {"signed_up_on": "May"}]), "customers has a column of another type"),
        (pa.Table.from_pylist([ANNA | {"segment": [1]}]), "customers has a column of another type"),
    ],
)
def test_a_reference_that_would_lose_customers_is_refused(table, complaint):
    with pytest.raises(PipelineError) as refused:
        checked_reference("customers", table, CUSTOMER)
    assert str(refused.value).startswith(f"reference data {complaint}")
    assert str(refused.value).endswith("Upload a sound file and run the batch again.")


def test_a_reference_may_have_more_columns_in_any_order_and_kind_of_text():
    table = pa.Table.from_pylist([{"colour": "green", **dict(reversed(TEA.items()))}])
    coded = table.set_column(1, "brand", table["brand"].dictionary_encode())
    large = coded.set_column(4, "product_id", table["product_id"].cast(pa.large_string()))
    assert checked_reference("products", large, PRODUCT).to_pylist() == [TEA]


def test_columns_take_the_tables_order_types_and_ids():
    schema = pa.schema(
        [
            pa.field("products", pa.large_list(pa.field("element", PRODUCT, metadata={"PARQUET:field_id": "9"}))),
            pa.field("event_type", pa.large_string(), nullable=False, metadata={"PARQUET:field_id": "3"}),
            pa.field("subject", pa.string()),
        ]
    )
    events = with_products(rows(purchase("anna", "tea", "x"), ("sign_up", {})), CONTRACTS, PRODUCTS)
    stored = as_stored(events.select(["event_type", "products"]), schema)
    assert stored.schema.equals(schema, check_metadata=True)
    assert stored.to_pylist() == [
        {"products": [TEA, None], "event_type": "purchase", "subject": None},
        {"products": None, "event_type": "sign_up", "subject": None},
    ]


def test_a_slice_keeps_its_rows_when_it_takes_the_tables_form():
    events = with_products(
        rows(*(purchase("a", *p) for p in (["tea"], ["cup", "tea"], [], ["x"]))), CONTRACTS, PRODUCTS
    )
    schema = pa.schema([pa.field("products", pa.large_list(PRODUCT))])
    assert as_stored(events.select(["products"]).slice(1, 3), schema).to_pylist() == [
        {"products": [CUP, TEA]},
        {"products": []},
        {"products": [None]},
    ]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"colour": ["red"]}, "the rows: the table has no field colour; expected the table to know all fields"),
        ({"page": [{"url": "/", "depth": 1}]}, "page: the table has no field depth;"),
        ({"pages": [[{"depth": 1}]]}, "pages[]: the table has no field depth;"),
        (
            {"event_type": pa.array([None], pa.string())},
            "column event_type has rows without a value; expected one in every",
        ),
    ],
)
def test_what_the_table_cannot_take_is_refused_and_not_dropped(column, message):
    page = pa.struct([("url", pa.string())])
    schema = pa.schema([("event_type", pa.string()), ("page", page), ("pages", pa.list_(page))])
    schema = schema.set(0, schema.field(0).with_nullable(False))
    with pytest.raises(PipelineError) as refused:
        as_stored(pa.table({"event_type": ["page_view"]} | column), schema)
    assert str(refused.value).startswith(message)
