"""Enrichment as a whole: what is switched on adds its column, and misses add up by enrichment and reason."""

from collections import Counter
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from contracts.contract import load_contracts
from contracts.errors import ConfigurationError
from enrichment.enrich import ENRICHMENTS, Sources, chosen, enriched, total
from enrichment.geo import Places
from enrichment.rates import checked_rates
from enrichment.reference import checked_reference
from lake.columns import CUSTOMER, ENRICHMENT, PRODUCT, staged_schema
from tests.unit.geo_database import opened, record

CONTRACTS = load_contracts()
NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
ANNA = {"customer_id": "anna", "segment": "loyal", "home_country": "DE", "signed_up_on": date(2024, 5, 1)}
TEA = {"product_id": "tea", "name": "Tea", "category": "food", "brand": "A"}
RATE = {"rate_date": NOON.date(), "base": "EUR", "currency": "USD", "rate": 1.25}
VIEW = {
    "user_id": "anna",
    "product_id": "tea",
    "page": {"url": "https://shop.example.com/", "referrer": "https://t.co/x"},
    "user_agent": "curl/8.5.0",
    "ip": "5.0.0.0",
}


@pytest.fixture
def sources(tmp_path):
    database = opened(tmp_path / "city.mmdb", {"5.0.0.0/24": record("DE", "Köln")})

    def reference(entry, data_type):
        return checked_reference("r", pa.Table.from_pylist([entry | {"valid_from": None}]), data_type)

    rates = checked_rates("rates", pa.Table.from_pylist([RATE]), "EUR")
    return Sources(reference(ANNA, CUSTOMER), reference(TEA, PRODUCT), Places(database), rates)


def events(*rows):
    schema = pa.schema([staged_schema(CONTRACTS).field(name) for name in ("event_time", *CONTRACTS)])
    return pa.Table.from_pylist([{"event_time": NOON} | row for row in rows], schema=schema)


def test_everything_adds_exactly_the_columns_of_the_table_in_their_types(sources):
    table, misses = enriched(events({"page_view": VIEW}), CONTRACTS, sources, chosen("all"))
    added = table.select(ENRICHMENT.names)
    assert added.schema.equals(ENRICHMENT)
    assert added.to_pylist() == [
        {
            "customer": ANNA,
            "products": [TEA],
            "geo": {"country": "DE", "city": "Köln"},
            "client": {"browser_family": "curl", "os_family": None, "device_family": None},
            "reporting": None,
            "marketing_channel": "organic_social",
        }
    ]
    assert not any(misses.values())


@pytest.mark.parametrize("count", [0, 2])
def test_events_that_mark_nothing_pass_with_nulls_and_no_misses(sources, count):
    table, misses = enriched(events(*count * [{"wikipedia_edit": {"page": "x"}}]), CONTRACTS, sources, chosen("all"))
    assert table.select(ENRICHMENT.names).to_pylist() == count * [dict.fromkeys(ENRICHMENT.names)]
    assert not any(misses.values())


@pytest.mark.parametrize("name", ENRICHMENTS)
def test_each_enrichment_works_alone(sources, name):
    rows = events({"page_view": VIEW}, {"purchase": {"user_id": "anna", "total": 5, "currency": "USD", "items": []}})
    table, _ = enriched(rows, CONTRACTS, sources, [name])
    assert table.column_names == [*rows.column_names, name]
    assert table[name].null_count < 2


def test_misses_are_counted_by_enrichment_and_reason(sources):
    lost = VIEW | {"user_id": "x", "product_id": "y", "page": {"referrer": "?"}, "user_agent": "?", "ip": "10.0.0.0"}
    fine = {"purchase": {"user_id": "anna", "total": 5, "currency": "XXX", "items": []}}
    _, misses = enriched(events({"page_view": lost}, fine), CONTRACTS, sources, chosen("all"))
    assert misses == {
        "customer": {"unknown": 1},
        "products": {"unknown": 1},
        "geo": {"private": 1},
        "client": {"unknown": 1},
        "reporting": {"unknown_currency": 1},
        "marketing_channel": {"malformed_referrer": 1},
    }


def test_the_misses_of_files_add_up():
    one = {"geo": Counter(private=1, unknown=2), "customer": Counter()}
    assert total([one, {"geo": Counter(private=3), "customer": Counter(unknown=1)}]) == {
        "customer": {"unknown": 1},
        "geo": {"private": 4, "unknown": 2},
    }


@pytest.mark.parametrize(
    ("setting", "names"),
    [("all", tuple(ENRICHMENTS)), ("none", ()), (" geo ,customer", ("customer", "geo")), ("client", ("client",))],
)
def test_a_setting_chooses(setting, names):
    assert chosen(setting) == names


@pytest.mark.parametrize("setting", ["weather", "geo,", "All", "geo;client"])
def test_a_setting_that_names_none_of_them_is_refused(setting):
    with pytest.raises(
        ConfigurationError, match=r"^ENRICHMENTS names '.*'; expected all, none, or some of customer, pro"
    ):
        chosen(setting)
