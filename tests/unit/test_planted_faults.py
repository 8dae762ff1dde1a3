"""Shop events with planted faults, each kind once, through the gate: the right expectation, the right severity."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from lake.documents import read_json, write_json
from lake.layout import batch_document_key
from lake.quality_results import read_results
from lambdas.validation import app
from tests.unit.quality_cases import events, of


def plant(event_type, data=None, /, **columns):
    """An event as the enrichment would write it, with one fault; otherwise sound, and of an order of its own."""
    row = deepcopy(of(events(), event_type))
    if "order_id" in row[event_type]:
        row[event_type]["order_id"] = f"o-{event_type}-{data}"
    row[event_type] |= data or {}
    return row | {"event_id": None, "ingest_position": None} | columns


# The table itself takes no row without the columns that every event has, so those faults cannot be planted.
STOPPING = {
    "the same event twice": (plant("add_to_cart", event_id="0"), ["identity.unique"]),
    "the same record twice": (plant("add_to_cart", ingest_position="p0"), ["ingest_position.unique"]),
    "a type without a contract": (
        plant("add_to_cart", event_type="wish_list_shared"),
        ["event_type.has_contract", "data.in_its_column"],
    ),
    "a row under another day": (plant("page_view", event_date=date(2026, 11, 23)), ["event_date.of_event_time"]),
    "an event without its data": (
        plant("sign_up", sign_up=None),
        ["data.in_its_column", "sign_up.required_fields"],
    ),
    "an event of tomorrow": (plant("sign_up", lateness_seconds=-86_400), ["event_time.within_contract"]),
    "a punctual event called late": (plant("sign_up", is_late=True), ["is_late.as_contract_says"]),
    "a total that is not the sum of its items": (
        plant("purchase", {"total": Decimal("52.05")}),
        ["purchase.total.sum_of_items"],
    ),
    "a purchase without a total": (
        plant("purchase", {"total": None}),
        ["purchase.total.not_null", "purchase.required_fields"],
    ),
    "a purchase of nothing": (
        plant("purchase", {"items": [], "shipping": Decimal(1), "tax": Decimal(0), "total": Decimal(1)}),
        ["purchase.items.at_least_one"],
    ),
    "a currency that is none": (plant("purchase", {"currency": "€"}), ["purchase.currency.is_code"]),
    "a refund's currency that is none": (plant("refund", {"currency": "eur"}), ["refund.currency.is_code"]),
    "a refund of nothing": (
        plant("refund", {"amount": Decimal(0)}),
        ["refund.amount.more_than_nothing", "refund.amount.within_contract"],
    ),
    "more paid back than paid": (
        plant("refund", {"order_id": "o", "amount": Decimal("52.05")}),
        ["refund.not_above_purchase"],
    ),
}
# Some of them are rules of a share, so the fault is planted until the share is no longer kept.
WARNING = {
    **{f"a customer that nobody knows, {n}": (plant("purchase", customer=None), ["customer.known"]) for n in range(3)},
    **{f"a product that nobody knows, {n}": (plant("refund", products=[None]), ["products.known"]) for n in range(3)},
    "an amount without a rate": (plant("purchase", reporting=None), ["reporting.amount.there"]),
    "an event before its sign-up": (
        plant("add_to_cart", customer={"customer_id": "u", "signed_up_on": date(2026, 11, 23)}),
        ["event.after_sign_up"],
    ),
    "a refund that was sent twice": (
        plant("refund", {"order_id": "o", "amount": Decimal("40.00")}),
        ["refunds.not_above_purchase"],
    ),
}


@pytest.fixture
def gate(lake, monkeypatch):
    """The real handler over a batch of these rows; what it answers."""
    for zone, bucket in {"STAGING": lake.staging, "REPORTS": lake.reports, "PROCESSED": lake.processed}.items():
        monkeypatch.setenv(f"{zone}_BUCKET", bucket)
    monkeypatch.setenv("ERROR_BUCKET", "error")
    lake.s3.create_bucket(Bucket="error", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    app.settings.cache_clear()
    app.s3.cache_clear()

    def validate(rows, files=()):
        manifest = {"batch_id": "b1", "batch_date": "2026-11-22", "started_at": "…", "raw_objects": [{"lines": 99}]}
        write_json(lake.s3, lake.staging, batch_document_key("b1", "manifest"), manifest)
        written = {"files": [*lake.write("b1", rows), *files]}
        write_json(lake.s3, lake.staging, batch_document_key("b1", "enrichment"), written)
        return app.handler({"batch_id": "b1"}, None)

    return validate


def sound_and(planted):
    """The sound batch, and each planted event under its own identity unless that is its fault."""
    rows = [row for row, _ in planted.values()]
    own = [(row["event_id"] or f"e{n}", row["ingest_position"] or f"at {n}") for n, row in enumerate(rows)]
    return [*events(), *(row | {"event_id": i, "ingest_position": p} for row, (i, p) in zip(rows, own, strict=True))]


def expected(planted):
    """How many values break each expectation."""
    named = [name for _, names in planted.values() for name in names]
    # Of two rows that are the same, or refunds of the same order, both break it.
    of_two = ("identity.unique", "ingest_position.unique", "refunds.not_above_purchase")
    return {name: 2 if name in of_two else named.count(name) for name in named}


def found(lake, severity):
    results = read_results(lake.s3, lake.processed)
    return {r.expectation_id: r.unexpected for r in results if not r.success and r.severity == severity}


def test_every_planted_fault_is_caught_by_its_expectations_and_stops_the_batch(lake, gate):
    stray = lake.write("b0", [events()[0] | {"event_id": "stray", "ingest_position": "stray"}])
    stopping = STOPPING | {"a row of another batch": (None, ["batch_id.of_this_batch"])}
    assert gate(sound_and(STOPPING), stray)["success"] is False
    assert found(lake, "fail") == expected(stopping)
    kept_back = read_json(lake.s3, "error", lake.keys("error")[0])
    assert {entry["expectation_id"]: len(entry["samples"]) for entry in kept_back["failed"]} == expected(stopping)
    assert lake.table().current_snapshot() is None


def test_every_planted_oddity_is_reported_and_stops_nothing(lake, gate):
    assert gate(sound_and(WARNING))["success"] is True
    assert (found(lake, "fail"), found(lake, "warn")) == ({}, expected(WARNING))
    assert lake.keys("error") == []


def test_every_hard_rule_of_a_batch_has_a_planted_fault():
    planted = {name for group in (STOPPING, WARNING) for _, names in group.values() for name in names}
    rules = {e["meta"]["id"] for e in app.suite()["expectations"] if e["meta"]["origin"] == "hand-written"}
    common = {"event_id", "source", "event_type", "event_time", "event_date", "arrival_time", "ingest_position"}
    untaken = {f"{column}.not_null" for column in {*common, "batch_id"}}
    assert rules - planted - untaken == {"batch_id.of_this_batch", "purchase.total.more_than_nothing"}
