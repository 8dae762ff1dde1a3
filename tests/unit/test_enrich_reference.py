"""Reference data: keys by the contracts' references, entries as of the event's time, misses null and counted."""

import json
import random
import time
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from contracts.contract import load_contracts, read_contract
from contracts.errors import PipelineError
from enrichment.reference import checked_reference, customer_of, products_of
from lake.columns import CUSTOMER, PRODUCT, staged_schema

CONTRACTS = load_contracts()
MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))
MOMENT = timedelta(microseconds=1)
ANNA = {"customer_id": "anna", "segment": "loyal", "home_country": "DE", "signed_up_on": date(2024, 5, 1)}
BEN = {"customer_id": "ben", "segment": "new", "home_country": None, "signed_up_on": None}
TEA = {"product_id": "tea", "name": "Tea", "category": "food", "brand": "A"}
CUP = {"product_id": "cup", "name": "Cup", "category": "home", "brand": "B"}


def versions(*entries, entry=CUSTOMER):
    """A table of (entry, valid_from, valid_to)."""
    times = [pa.field(name, pa.timestamp("us", "UTC")) for name in ("valid_from", "valid_to")]
    rows = [found | {"valid_from": since, "valid_to": until} for found, since, until in entries]
    return pa.Table.from_pylist(rows, schema=pa.schema([*entry, *times]))


def ever(*entries, entry):
    return checked_reference("test", versions(*((found, None, None) for found in entries), entry=entry), entry)


CUSTOMERS, PRODUCTS = ever(ANNA, BEN, entry=CUSTOMER), ever(TEA, CUP, entry=PRODUCT)


def rows(*events, contracts=CONTRACTS, at=MAY):
    """Events as (type, data) with the columns that enrichment looks at."""
    schema = pa.schema([staged_schema(contracts).field(name) for name in ("event_time", *contracts)])
    return pa.Table.from_pylist([{"event_time": at, t: data} for t, data in events], schema=schema)


def purchase(user, *products):
    return "purchase", {"user_id": user, "items": [{"product_id": product} for product in products]}


def customers(events, reference=CUSTOMERS, contracts=CONTRACTS):
    found = customer_of(events, contracts, reference)
    return found.values.to_pylist(), dict(found.misses)


def products(events, reference=PRODUCTS, contracts=CONTRACTS):
    found = products_of(events, contracts, reference)
    return found.values.to_pylist(), dict(found.misses)


def test_the_customer_is_the_one_that_the_contract_names():
    events = rows(purchase("ben"), ("page_view", {"user_id": "anna"}), ("wikipedia_edit", {"user": "anna"}))
    assert customers(events) == ([BEN, ANNA, None], {})


def test_a_customer_that_is_not_known_is_null_and_a_miss():
    events = rows(purchase("nobody"), purchase("anna"), purchase("nobody"), ("wikipedia_edit", {"user": "x"}))
    assert customers(events) == ([None, ANNA, None, None], {"unknown": 2})


def test_products_are_distinct_in_the_order_of_mention():
    events = rows(purchase("anna", "cup", "tea", "cup"), purchase("anna", "tea"))
    assert products(events) == ([[CUP, TEA], [TEA]], {})


def test_a_product_that_is_not_known_keeps_its_place():
    assert products(rows(purchase("anna", "gone", "tea", "gone", "lost"))) == ([[None, TEA, None]], {"unknown": 2})


def test_a_type_that_names_products_has_a_list_and_others_have_null():
    events = rows(
        ("page_view", {"user_id": "anna", "product_id": None}),
        ("page_view", {"user_id": "anna", "product_id": "tea"}),
        ("sign_up", {"user_id": "anna"}),
        ("purchase", {"user_id": "anna", "items": None}),
        ("purchase", {"user_id": "anna", "items": []}),
    )
    assert products(events) == ([[], [TEA], None, [], []], {})


def test_several_references_of_one_type_are_mentioned_in_the_order_of_the_contract():
    key = {"type": "string", "maxLength": 9}
    document = {
        "$id": "urn:tributary:contract:swap:1-0-0",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "wanted": key | {"x-reference": "products"},
            "given": {"type": "array", "items": key | {"x-reference": "products"}},
            "sellers": {"type": "array", "items": key | {"x-reference": "customers"}},
            "buyer": key | {"x-reference": "customers"},
        },
    }
    contracts = {"swap": read_contract("swap.json", json.dumps(document))}
    swaps = [
        {"wanted": "tea", "given": ["cup", "tea"], "sellers": [], "buyer": "ben"},
        {"given": ["tea"], "sellers": [None, "anna", "ben"]},
        {},
    ]
    events = rows(*(("swap", swap) for swap in swaps), contracts=contracts)
    assert products(events, contracts=contracts)[0] == [[TEA, CUP], [TEA], []]
    assert customers(events, contracts=contracts)[0] == [BEN, ANNA, None]


@pytest.mark.parametrize("count", [0, 1])
def test_few_rows_have_the_type_of_many(count):
    events = rows(*count * [purchase("anna", "tea")])
    customer, listed = customer_of(events, CONTRACTS, CUSTOMERS), products_of(events, CONTRACTS, PRODUCTS)
    assert len(customer.values) == len(listed.values) == count
    assert (customer.values.type, listed.values.type) == (CUSTOMER, pa.list_(PRODUCT))


def test_rows_in_several_chunks_and_slices_are_enriched_alike():
    events = rows(
        *(purchase(user, *bought) for user, *bought in [("x", "tea"), ("ben", "cup"), ("anna",), ("ben", "x")])
    )
    chunks = pa.concat_tables([events.slice(1, 1), events.slice(2, 2)])
    assert customers(chunks)[0] == customers(events)[0][1:]
    assert products(chunks)[0] == products(events)[0][1:]


LOYAL_SINCE_JUNE = checked_reference(
    "customers",
    versions((ANNA | {"segment": "new"}, None, JUNE), (ANNA, JUNE, None), (BEN, JUNE, JULY)),
    CUSTOMER,
)


@pytest.mark.parametrize(
    ("at", "segment"),
    [(MAY, "new"), (JUNE - MOMENT, "new"), (JUNE, "loyal"), (JULY, "loyal")],
)
def test_the_version_that_held_at_the_events_time_counts(at, segment):
    assert customers(rows(purchase("anna"), at=at), LOYAL_SINCE_JUNE)[0][0]["segment"] == segment


@pytest.mark.parametrize(
    ("at", "is_known"), [(JUNE - MOMENT, False), (JUNE, True), (JULY - MOMENT, True), (JULY, False)]
)
def test_outside_of_its_time_an_entry_is_null_with_a_reason_of_its_own(at, is_known):
    expected = ([BEN], {}) if is_known else ([None], {"not_valid_then": 1})
    assert customers(rows(purchase("ben"), at=at), LOYAL_SINCE_JUNE) == expected


def test_a_file_that_grows_by_versions_gives_old_events_the_same_answers():
    events = pa.concat_tables([rows(purchase("anna", "tea"), purchase("ben", "tea"), at=at) for at in (MAY, JUNE)])
    before = versions((ANNA, None, None), (BEN, JUNE, None))
    after = versions((BEN | {"segment": "vip"}, JULY, None), (BEN, JUNE, JULY), (ANNA, None, JULY))
    old, new = (checked_reference("customers", table, CUSTOMER) for table in (before, after))
    assert customers(events, old) == customers(events, new)


def test_products_are_looked_up_at_their_events_time_too():
    renamed = TEA | {"category": "drinks"}
    reference = checked_reference("p", versions((TEA, None, None), (renamed, JUNE, None), entry=PRODUCT), PRODUCT)
    events = pa.concat_tables([rows(purchase("anna", "tea"), at=at) for at in (JULY, MAY)])
    assert products(events, reference)[0] == [[renamed], [TEA]]


def test_looking_up_agrees_with_a_loop_over_versions():
    chance = random.Random(7)
    moments = [MAY + timedelta(days=n) for n in range(40)]
    table, known = [], {}
    for key in (f"c{n}" for n in range(30)):
        starts = sorted(chance.sample(moments, chance.randrange(1, 6)))
        for n, start in enumerate(starts):
            until = starts[n + 1] if n + 1 < len(starts) and chance.random() < 0.5 else None
            entry = BEN | {"customer_id": key, "segment": f"s{n}"}
            table.append((entry, start, until))
            known.setdefault(key, []).append((start, until, entry))
    chance.shuffle(table)
    reference = checked_reference("customers", versions(*table), CUSTOMER)
    asked = [(chance.choice(moments), f"c{chance.randrange(33)}") for _ in range(3000)]

    def held(at, key):
        begun = [version for version in known.get(key, []) if version[0] <= at]
        return begun[-1][2] if begun and (begun[-1][1] is None or at < begun[-1][1]) else None

    events = pa.concat_tables([rows(purchase(key), at=at) for at, key in asked[:300]])
    assert customers(events, reference)[0] == [held(at, key) for at, key in asked[:300]]


def test_products_agree_with_a_loop_over_rows():
    chance = random.Random(7)
    known = {"tea": TEA, "cup": CUP}
    bought = [[chance.choice(["tea", "cup", "x", "y"]) for _ in range(chance.randrange(5))] for _ in range(500)]
    listed, misses = products(rows(*(purchase("anna", *names) for names in bought)))
    assert listed == [[known.get(p) for p in dict.fromkeys(names)] for names in bought]
    assert misses == {"unknown": sum(len({*names} & {"x", "y"}) for names in bought)}


def test_a_hundred_thousand_rows_take_no_loop_over_rows():
    events = rows(*(purchase("anna", "cup", "tea") for _ in range(1000)))
    many = pa.concat_tables(100 * [events]).combine_chunks()
    started = time.process_time()
    assert len(products(many)[0]) == 100_000
    assert time.process_time() - started < 10, "a loop in Python would take longer, and so would the batch"


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (versions(), "has no rows; expected at least one."),
        (
            versions((ANNA, None, None)).drop_columns(["segment"]),
            "has no column segment; expected the columns customer",
        ),
        (versions((ANNA, None, None)).drop_columns(["valid_from"]), "has no column valid_from; expected the columns"),
        (
            versions((ANNA | {"customer_id": None}, None, None)),
            "has 1 rows without customer_id; expected a key in every",
        ),
        (pa.Table.from_pylist([ANNA | {"signed_up_on": "May", "valid_from": None}]), "has a column of another type"),
        (pa.Table.from_pylist([ANNA | {"segment": [1], "valid_from": None}]), "has a column of another type"),
        (
            versions((ANNA, JUNE, None), (ANNA, JUNE, None)),
            "has 1 versions that begin when another of the same key does",
        ),
        (
            versions((ANNA, None, None), (ANNA, None, None)),
            "has 1 versions that begin when another of the same key does",
        ),
        (
            versions((ANNA, MAY, JULY), (ANNA, JUNE, None)),
            "has 0 versions that begin when another of the same key does, 1",
        ),
        (
            versions((ANNA, JULY, MAY)),
            "has 0 versions that begin when another of the same key does, 0 that end after the",
        ),
    ],
)
def test_a_reference_that_would_lose_or_mix_customers_is_refused(table, complaint):
    with pytest.raises(PipelineError) as refused:
        checked_reference("customers", table, CUSTOMER)
    assert str(refused.value).startswith(f"reference data customers {complaint}")
    assert str(refused.value).endswith("Upload a sound file and run the batch again.")


def test_a_reference_may_have_more_columns_in_any_order_and_kind_of_text():
    table = pa.Table.from_pylist([{"colour": "green", "valid_from": date(2026, 5, 1), **dict(reversed(TEA.items()))}])
    coded = table.set_column(2, "brand", table["brand"].dictionary_encode())
    large = coded.set_column(5, "product_id", table["product_id"].cast(pa.large_string()))
    reference = checked_reference("products", large, PRODUCT)
    assert products(rows(purchase("anna", "tea"), at=MAY), reference) == ([[TEA]], {})
    assert products(rows(purchase("anna", "tea"), at=MAY - MOMENT), reference) == ([[None]], {"not_valid_then": 1})
