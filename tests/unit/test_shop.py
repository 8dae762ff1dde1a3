"""The generator: the same bytes everywhere, sound events that pass their contracts, faults with their reasons."""

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address

import msgspec
import pytest

from cli.shop.events import DUPLICATE, EVENT, LATE, shop_lines
from cli.shop.generate import in_words, start_of, write_events
from cli.shop.reference import as_parquet, customers, products
from cli.shop.world import CUSTOMERS, PRODUCTS, SHOPPERS, product, shopper
from contracts.contract import load_contracts
from contracts.errors import PipelineError
from lake.positions import Position
from lambdas.ingestion.decode import Accepted, Decoder

START = datetime(2026, 11, 2, tzinfo=UTC)
ARRIVAL = Position("ingest", "shard", "1", 0, START + timedelta(days=1))


@pytest.fixture(scope="module")
def made():
    return list(shop_lines(20_000, 7, START))


@pytest.fixture(scope="module")
def outcomes(made):
    decoder = Decoder(load_contracts())
    return [(kind, decoder.decode(line, ARRIVAL)) for kind, line in made]


def test_the_same_options_give_the_same_bytes_on_every_machine():
    lines = b"\n".join(line for _, line in shop_lines(1000, 7, START))
    assert hashlib.sha256(lines).hexdigest() == DIGEST


@pytest.mark.parametrize("other", [(1000, 8, START), (999, 7, START), (1000, 7, START + timedelta(hours=1))])
def test_other_options_give_other_events(other):
    ids = {json.loads(line)["id"] for kind, line in shop_lines(1000, 7, START) if kind == EVENT}
    assert ids.isdisjoint(json.loads(line)["id"] for kind, line in shop_lines(*other) if kind == EVENT)


def test_sound_events_pass_their_contracts(outcomes):
    sound = [outcome for kind, outcome in outcomes if kind in (EVENT, LATE, DUPLICATE)]
    assert all(isinstance(outcome, Accepted) for outcome in sound)


def test_broken_events_are_refused_for_the_reason_that_was_meant(outcomes):
    refused = [(kind, str(outcome.reason)) for kind, outcome in outcomes if not isinstance(outcome, Accepted)]
    assert all(meant == found for meant, found in refused)
    assert {meant for meant, _ in refused} == {
        "invalid_json", "invalid_utf8", "invalid_envelope", "unknown_event_type", "invalid_data"
    }  # fmt: skip


def test_shares_of_kinds_and_types(made, outcomes):
    kinds = Counter(kind for kind, _ in made)
    types = Counter(outcome.event_type for kind, outcome in outcomes if kind in (EVENT, LATE))
    sound = types.total()
    assert kinds[DUPLICATE] / len(made) == pytest.approx(0.01, abs=0.003)
    assert kinds[LATE] / sound == pytest.approx(0.03, abs=0.005)
    assert (len(made) - sound - kinds[DUPLICATE]) / len(made) == pytest.approx(0.02, abs=0.004)
    assert kinds["total_mismatch"] / len(made) == pytest.approx(0.001, abs=0.0008)
    shares = {"page_view": 0.62, "add_to_cart": 0.2, "purchase": 0.1, "refund": 0.02, "sign_up": 0.06}
    assert {name: round(count / sound, 2) for name, count in types.items()} == pytest.approx(shares, abs=0.011)


def test_a_duplicate_is_an_earlier_line_byte_for_byte(made):
    seen = set()
    for kind, line in made:
        if kind in (EVENT, LATE, DUPLICATE):
            assert (line in seen) == (kind == DUPLICATE)
            seen.add(line)


def test_events_are_of_the_day_after_the_start_and_late_ones_up_to_three_days_older(outcomes):
    for kind, outcome in outcomes:
        if kind in (EVENT, LATE):
            age = START + timedelta(days=1) - outcome.event_time
            low, high = (1, 4) if kind == LATE else (0, 1)
            assert timedelta(days=low) <= age <= timedelta(days=high)


def test_totals_add_up_to_the_cent_unless_they_are_meant_not_to(made):
    for kind, line in made:
        if b'"type":"purchase"' in line and kind in (EVENT, "total_mismatch"):
            paid = json.loads(line, parse_float=Decimal)["data"]
            lines = sum(item["quantity"] * item["unit_price"] for item in paid["items"])
            assert (lines + paid["shipping"] + paid["tax"] == paid["total"]) == (kind == EVENT)


def test_money_is_written_with_two_decimals(made):
    line = next(line for kind, line in made if b'"type":"purchase"' in line and b'"shipping":0' in line)
    assert b'"shipping":0.00,' in line


def test_few_users_act_often_and_names_are_of_many_scripts(outcomes):
    events = [(o.event_type, msgspec.to_builtins(o.data)) for kind, o in outcomes if kind == EVENT]
    users = Counter(data["user_id"] for _, data in events)
    assert users.most_common(1)[0][1] > 100 * users.total() / SHOPPERS
    names = {data["name"] for event_type, data in events if event_type == "sign_up"}
    assert any("田中" in name for name in names) and any("ß" in n or "ü" in n for n in names)


def test_visits_come_from_addresses_of_both_versions_and_a_few_from_none(outcomes):
    views = [msgspec.to_builtins(o.data)["ip"] for kind, o in outcomes if kind == EVENT and o.event_type == "page_view"]
    kinds = Counter("none" if ip is None else "mapped" if "ff:" in ip else 6 if ":" in ip else 4 for ip in views)
    assert {kind: round(n / len(views), 1) for kind, n in kinds.items()} == {4: 0.7, 6: 0.2, "mapped": 0.1, "none": 0.0}
    assert all(ip is None or ip_address(ip) for ip in views)


def test_reference_data_knows_nearly_everybody_and_everything():
    versions = Counter(customers()["customer_id"].to_pylist())
    assert len(versions) == CUSTOMERS < SHOPPERS
    assert (versions[shopper(42).user_id], versions[shopper(40).user_id]) == (1, 2)
    row = products().slice(7, 1).to_pylist()[0]
    assert (row["name"], row["category"]) == (product(7).name, product(7).category)
    assert products().num_rows < PRODUCTS
    assert as_parquet(products()) == as_parquet(products())


def test_generate_writes_lines_and_counts_them(tmp_path):
    kinds = write_events(str(tmp_path / "new/shop.ndjson"), 100, 1, START)
    assert len((tmp_path / "new/shop.ndjson").read_bytes().splitlines()) == kinds.total() == 100
    assert in_words(Counter(event=97, late=2)) == "99 lines: 97 event, 2 late"


def test_a_start_that_is_no_time_is_refused():
    assert start_of("2026-11-02T01:00:00+01:00") == START
    assert start_of("2026-11-02") == START
    with pytest.raises(PipelineError, match=r"--start is 'soon'; expected a time such as"):
        start_of("soon")


DIGEST = "dcdf4c69314a25aeda366ec84cc3d13834dcd4ef22432f17b59ea4ab228294b2"
