"""The transform: each raw line becomes a typed row, a duplicate or a reject, and never a null that nobody sees."""

import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from pyspark.sql import Row
from pyspark.sql.pandas.types import to_arrow_schema

from contracts.contract import load_contracts, read_contract
from contracts.errors import PipelineError
from jobs.process_events import cleaning, transform
from lake.columns import staged_schema
from lake.positions import Position
from lake.raw_lines import RawObject

pytestmark = pytest.mark.slow
CONTRACTS = load_contracts()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PEPPER = "not a secret"
ITEM = {"product_id": "p-1", "name": "Tea", "quantity": 3, "unit_price": 1.1, "line_total": 3.3}
DATA = {
    "page_view": {
        "user_id": "u",
        "session_id": "s",
        "page": {"url": "/", "title": ""},
        "duration_ms": 1,
        "user_agent": "a",
    },
    "add_to_cart": {
        "user_id": "u",
        "session_id": "s",
        "cart_id": "c",
        "product_id": "p",
        "quantity": 1,
        "unit_price": 9.95,
        "currency": "EUR",
    },
    "purchase": {
        "user_id": "u",
        "session_id": "s",
        "order_id": "o",
        "items": [ITEM, ITEM],
        "shipping": 0.2,
        "tax": 0.1,
        "total": 6.9,
        "currency": "EUR",
        "payment_method": "card",
    },
    "sign_up": {
        "user_id": "u",
        "name": "Zoë",
        "email": "zoe@example.com",
        "country": "FR",
        "plan": "pro",
        "has_marketing_consent": True,
    },
    "wikipedia_edit": {
        "time": "2026-11-22T11:59:00.123456Z",
        "channel": "#en",
        "namespace": "Main",
        "page": "Ångström",
        "user": "x",
        "comment": "line\r\nbreak\u2028 and \x00",
        "isAnonymous": False,
        "isMinor": True,
        "isNew": False,
        "isRobot": False,
        "isUnpatrolled": False,
        "added": 2**63 - 1,
        "deleted": -(2**63),
        "delta": 0,
    },
}


def raw_line(
    event_type="page_view", event_id="e", sequence="1", at=NOON, happened="2026-11-22T12:00:00.000000Z", **changes
):
    """A raw line as ingestion writes it."""
    data = DATA.get(event_type, {}) | changes
    attributes = {"id": event_id, "source": "/s", "type": event_type, "time": happened, "specversion": "1.0"}
    raw = RawObject()
    raw.add(Position("ingest", "shard-0", sequence, 0, at), event_type, NOON, attributes, data)
    return raw.lines[0].decode()


@pytest.fixture
def judged(spark):
    key = spark.createDataFrame([cleaning.key_of(PEPPER)], cleaning.KEY)

    def judge(*lines, contracts=CONTRACTS):
        return transform.judged(spark.createDataFrame([(line,) for line in lines], "value string"), contracts, key)

    return judge


@pytest.fixture
def stored(spark):
    def store(*rows):
        return spark.createDataFrame(list(rows), transform.STORED)

    return store


def place(sequence):
    return Position("ingest", "shard-0", sequence, 0, NOON).as_text()


def shape(data_type):
    """An Arrow type without nullability, and without the names that engines give to list elements."""
    if pa.types.is_struct(data_type):
        return {field.name: shape(field.type) for field in data_type}
    return [shape(data_type.value_type)] if pa.types.is_list(data_type) else data_type


@pytest.fixture
def rows_of(judged, stored):
    """Rows as they are staged, by event id."""

    def rows(*lines):
        fated = transform.with_fate(transform.accepted(judged(*lines)), stored())
        return {row.event_id: row for row in transform.staged(fated, CONTRACTS, "b-1").collect()}

    return rows


def test_a_row_has_the_columns_and_types_of_the_staged_schema(judged, stored):
    rows = transform.staged(transform.with_fate(judged(raw_line()), stored()), CONTRACTS, "b-1")
    found = to_arrow_schema(rows.schema)
    expected = staged_schema(CONTRACTS)
    assert found.names == expected.names
    assert {f.name: shape(f.type) for f in found} == {f.name: shape(f.type) for f in expected}


def test_values_arrive_as_they_were_sent(judged, stored):
    lines = judged(raw_line("wikipedia_edit"), raw_line("purchase", event_id="e-2"))
    rows = transform.staged(transform.with_fate(transform.accepted(lines), stored()), CONTRACTS, "b-1")
    edit, bought = sorted(rows.collect(), key=lambda row: row.event_id)
    assert (edit.wikipedia_edit.added, edit.wikipedia_edit.deleted) == (2**63 - 1, -(2**63))
    assert edit.wikipedia_edit.comment == "line\r\nbreak\u2028 and \x00"
    assert edit.wikipedia_edit.page == "Ångström"
    assert (edit.purchase, edit.refund, edit.wikipedia_edit.cityName) == (None, None, None)
    assert bought.purchase["items"][1] == Row(
        product_id="p-1", name="Tea", quantity=3, unit_price=Decimal("1.10"), line_total=Decimal("3.30")
    )


def test_text_is_trimmed_wherever_it_stands_and_identities_are_not(rows_of):
    [line] = [raw_line("purchase", event_id=" e ", order_id="\u3000o\n", items=2 * [ITEM | {"name": "\tGreen tea "}])]
    [row] = rows_of(line).values()
    assert (row.event_id, row.purchase.order_id) == (" e ", "o")
    assert [item.name for item in row.purchase["items"]] == ["Green tea", "Green tea"]


def test_a_blank_text_is_kept_empty_where_its_contract_allows_that(rows_of):
    row = rows_of(raw_line("page_view", page={"url": "/", "title": " "}))["e"]
    assert (row.page_view.page.title, row.page_view.page.referrer) == ("", None)


def test_personal_data_is_masked_as_the_contract_says(rows_of):
    rows = rows_of(
        raw_line("sign_up", event_id="s"),
        raw_line("page_view", event_id="v4", ip="198.51.100.77"),
        raw_line("page_view", event_id="v6", ip="2001:db8:85a3::8a2e:370:7334"),
        raw_line("page_view", event_id="none", ip=None),
    )
    digest = hmac.new(PEPPER.encode(), b"zoe@example.com", hashlib.sha256).hexdigest()
    assert (rows["s"].sign_up.email, "name" in rows["s"].sign_up.asDict()) == (digest, False)
    assert [rows[name].page_view.ip for name in ("v4", "v6", "none")] == ["198.51.100.0", "2001:db8:85a3::", None]
    assert not [word for word in ("Zoë", "example.com", "100.77", "7334") if word in str(rows)]


def test_what_is_dropped_is_not_even_read(judged):
    line = raw_line("sign_up", name=["of", "another", "type"])
    assert "name" not in transform.line_schema(CONTRACTS)["data"].dataType["sign_up"].dataType.names
    assert judged(line).first()._problem is None


UNTYPABLE = {
    raw_line("add_to_cart", quantity=1.0): "not every value fits",
    raw_line("add_to_cart", quantity=2**63): "not every value fits",
    raw_line("add_to_cart", quantity="many"): "not every value fits",
    raw_line("add_to_cart", unit_price=10**17): "not every value fits",
    raw_line("purchase", items=[ITEM, ITEM | {"quantity": 3.0}]): "not every value fits",
    raw_line("purchase", items={"0": ITEM}): "not every value fits",
    raw_line("page_view", page="/"): "not every value fits",
    raw_line("wikipedia_edit", time="2026-11-22T23:59:60Z"): "not every value fits",
    raw_line("wikipedia_edit", isNew="yes"): "not every value fits",
    raw_line("page_view", ip="127.1"): "page_view.ip is no IP address",
    raw_line("page_view", ip=" "): "page_view.ip is no IP address",
    raw_line("page_view", user_id=" "): "page_view.user_id has fewer than 1 characters beside the blanks around them",
    raw_line("sign_up", email="a@ "): "sign_up.email has fewer than 3 characters",
    raw_line("purchase", items=[ITEM, ITEM | {"product_id": "\u3000"}]): "purchase.items[].product_id has fewer",
    raw_line("not_a_contract"): "there is no data of an event type",
    raw_line().replace('"page_view":{', '"refund":{'): "there is no data of an event type",
    raw_line(happened="yesterday"): "an attribute or the position",
    raw_line().replace('"id":"e"', '"id":null'): "an attribute or the position",
    raw_line().replace('"shard":"shard-0"', '"shard":null'): "an attribute or the position",
    raw_line().replace('"sub_sequence":0', '"sub_sequence":0.0'): "not every value fits",
    raw_line()[:-5]: "not every value fits",
    "[]": "not every value fits",
    "null": "not every value fits",
    "": "there is no data of an event type",
}


def test_a_line_that_the_columns_cannot_hold_is_untypable(judged):
    refused = transform.rejected(judged(*UNTYPABLE)).collect()
    assert [row.original for row in refused] == list(UNTYPABLE)
    for row, (line, why) in zip(refused, UNTYPABLE.items(), strict=True):
        assert row.found.startswith(f"a line of {len(line)} characters: {why}"), line
        assert row.reason == "untypable"
        assert row.expected == "a raw line whose values have the types of its contract"
        assert row.next_step == "Mend the value where it is made, or the contract, and replay the record."


def test_no_value_of_an_accepted_line_becomes_null(judged, stored):
    """Each leaf of each event type in turn gets values of every JSON kind: a row keeps them all, or is refused."""
    odd_values = [1.0, 1.5, 1e300, 2**63, -1, "x", "2026", True, [], [1], {}, {"x": 1}]
    sent = [raw_line(t, **{name: value}) for t, data in DATA.items() for name in data for value in odd_values]
    for row in transform.accepted(judged(*sent)).collect():
        data = json.loads(row._line)["data"]
        kept = row[row.event_type].asDict(recursive=True)
        sent = {name: value for name, value in data[row.event_type].items() if value is not None}
        stored = CONTRACTS[row.event_type].stored_document["properties"]
        lost = [name for name in sent if name in stored and kept[name] is None]
        assert not lost, (lost, data)


def test_a_reject_keeps_position_and_type_where_they_can_be_read(judged):
    row = transform.rejected(judged(raw_line("add_to_cart", quantity=1.0, sequence="7"))).first()
    assert (row.event_type, row.position.sequence, row.position.stream) == ("add_to_cart", "7", "ingest")
    assert row.position.arrival_time == "2026-11-22T12:00:00Z"


DEAR = ITEM | {"quantity": 10000, "unit_price": 999999.99, "line_total": 9999999900}
PRICES = {
    "a cent too much": ({"total": 6.91}, (0, "0.010000")),
    "tax left out": ({"tax": 0.3}, (0, "-0.200000")),
    "one line is off": ({"items": [ITEM, ITEM | {"quantity": 4}]}, (1, "0.000000")),
    "one line": ({"items": [ITEM], "total": 3.6}, None),
    "no fees": ({"shipping": 0, "tax": 0, "total": 6.6}, None),
    "as much as a contract allows": ({"items": 3 * [DEAR], "total": 29999999700.3}, None),
}


def test_a_purchase_must_add_up_to_the_cent(judged):
    lines = judged(*(raw_line("purchase", event_id=name, **changes) for name, (changes, _) in PRICES.items()))
    found = {row.event_id: row._problem and (row._problem.reason, row._problem.found) for row in lines.collect()}
    assert found == {
        name: off
        and ("total_mismatch", f"{off[0]} lines are off quantity * unit_price, total is off its parts by {off[1]}")
        for name, (_, off) in PRICES.items()
    }


def test_a_purchase_that_cannot_be_typed_is_not_called_a_mismatch(judged):
    assert (
        judged(raw_line("purchase", total=6.91, items=[ITEM | {"quantity": 3.0}])).first()._problem.reason
        == "untypable"
    )


def test_rules_of_a_type_without_contract_are_passed_over(judged):
    row = judged(raw_line(), contracts={"page_view": CONTRACTS["page_view"]}).first()
    assert row._problem is None and row._data.asDict().keys() == {"page_view"} and "purchase" not in row


def test_any_offset_becomes_utc_and_the_date_is_the_utc_date(judged):
    times = {
        "2026-11-22T00:30:00+01:00": ("2026-11-21 23:30:00", date(2026, 11, 21)),
        "2026-11-22T23:30:00.5-01:30": ("2026-11-23 01:00:00.5", date(2026, 11, 23)),
        "2026-11-22t12:00:00.123456789z": ("2026-11-22 12:00:00.123456", date(2026, 11, 22)),
        "2026-12-31T23:59:59.999999Z": ("2026-12-31 23:59:59.999999", date(2026, 12, 31)),
    }
    rows = judged(*(raw_line(happened=time) for time in times))
    found = rows.selectExpr("_event.time", "cast(event_time as string) as at", "event_date").collect()
    assert {row.time: (row.at, row.event_date) for row in found} == times


def test_lateness_is_whole_seconds_between_event_and_arrival(judged):
    expected = {86_400_000: (86400, False), 86_400_999: (86400, False), 86_401_000: (86401, True), -1: (-1, False)}
    lines = [raw_line(event_id=str(ms), at=NOON + timedelta(milliseconds=ms)) for ms in expected]
    found = {int(row.event_id): (row.lateness_seconds, row.is_late) for row in judged(*lines).collect()}
    assert found == expected


def test_what_is_late_is_the_contracts_word(judged):
    patient = CONTRACTS["page_view"].document | {"x-event-time": {"late_after_seconds": 7 * 86400}}
    contracts = CONTRACTS | {"page_view": read_contract("page_view.json", json.dumps(patient))}
    two_days = NOON + timedelta(days=2)
    lines = judged(raw_line(at=two_days), raw_line("purchase", at=two_days), contracts=contracts)
    assert {row.event_type: row.is_late for row in lines.collect()} == {"page_view": False, "purchase": True}


def fates(rows, known):
    """(event id, sequence) -> (fate, is a conflict)."""
    found = transform.with_fate(rows, known).collect()
    return sorted((row.event_id, row._position.sequence, row._fate, row._is_conflict) for row in found)


def test_the_first_to_arrive_wins_and_then_the_first_position(judged, stored):
    later, lines = NOON + timedelta(seconds=1), []
    lines += [raw_line(event_id="a", sequence="1", at=later), raw_line(event_id="a", sequence="2")]
    lines += [raw_line(event_id="b", sequence="10"), raw_line(event_id="b", sequence="9")]
    assert fates(judged(*lines), stored()) == [
        ("a", "1", "repeated", False),
        ("a", "2", "row", False),
        ("b", "10", "repeated", False),
        ("b", "9", "row", False),
    ]


def test_a_line_at_the_winners_position_is_a_redelivery(judged, stored):
    lines = [raw_line(sequence="1"), raw_line(sequence="1"), raw_line(sequence="1"), raw_line(sequence="2")]
    found = [fate for _, _, fate, _ in fates(judged(*lines), stored())]
    assert sorted(found) == ["redelivered", "redelivered", "repeated", "row"]


def test_a_line_at_the_position_of_a_repetition_is_a_redelivery_too(judged, stored):
    lines = [raw_line(sequence="1"), raw_line(sequence="2"), raw_line(sequence="3"), raw_line(sequence="2")]
    assert fates(judged(*lines), stored()) == [
        ("e", "1", "row", False),
        ("e", "2", "redelivered", False),
        ("e", "2", "repeated", False),
        ("e", "3", "repeated", False),
    ]


def test_a_stored_row_wins_over_an_earlier_arrival(judged, stored):
    known = stored(("/s", "e", place("5"), "page_view", NOON))
    assert fates(judged(raw_line(sequence="1"), raw_line(sequence="5")), known) == [
        ("e", "1", "repeated", False),
        ("e", "5", "redelivered", False),
    ]


def test_one_identity_with_another_type_or_time_is_a_conflict_and_not_merged(judged, stored):
    known = stored(("/s", "a", place("1"), "page_view", NOON), ("/s", "b", place("2"), "purchase", NOON))
    lines = [
        raw_line(event_id="a", sequence="3", happened="2026-11-22T12:00:00.000001Z"),
        raw_line(event_id="b", sequence="4"),
    ]
    assert fates(judged(*lines), known) == [("a", "3", "repeated", True), ("b", "4", "repeated", True)]


def test_a_conflict_within_the_batch_keeps_the_first_event_as_it_came(judged, stored):
    first = raw_line("page_view", sequence="1", duration_ms=1)
    lines = [raw_line("purchase", sequence="2"), first, raw_line("page_view", sequence="3", duration_ms=3)]
    rows = transform.with_fate(judged(*lines), stored())
    assert fates(judged(*lines), stored()) == [
        ("e", "1", "row", False),
        ("e", "2", "repeated", True),
        ("e", "3", "repeated", False),
    ]
    [row] = transform.staged(rows, CONTRACTS, "b-1").collect()
    assert (row.event_type, row.page_view.duration_ms, row.purchase) == ("page_view", 1, None)


def test_a_conflict_is_counted_once_however_often_the_stream_delivers_it(judged, stored):
    known = stored(("/s", "e", place("1"), "page_view", NOON))
    line = raw_line("purchase", sequence="2")
    found = fates(judged(line, line, line, raw_line("purchase", sequence="3")), known)
    assert [fate for _, _, fate, _ in found] == ["redelivered", "redelivered", "repeated", "repeated"]
    assert [is_conflict for *_, is_conflict in found] == [False, False, True, True]


def test_the_same_id_from_another_source_is_another_event(judged, stored):
    known = stored(("/other", "e", place("1"), "page_view", NOON))
    assert fates(judged(raw_line()), known) == [("e", "1", "row", False)]


def test_a_refused_line_does_not_stand_in_the_way_of_a_mended_one(judged, stored):
    lines = judged(raw_line("purchase", total=1), raw_line("purchase", sequence="2"))
    assert fates(transform.accepted(lines), stored()) == [("e", "2", "row", False)]


def test_counts_and_summary_account_for_each_line(judged, stored):
    lines = [raw_line(event_id="a"), raw_line(event_id="a"), raw_line(event_id="a", sequence="2")]
    lines += [raw_line("purchase", event_id="b", at=NOON + timedelta(days=3)), raw_line("purchase", total=1), "broken"]
    every = judged(*lines)
    of_lines = every.agg(*transform.line_counts()).first().asDict()
    fated = transform.with_fate(transform.accepted(every), stored())
    of_fates = fated.agg(*transform.fate_counts(CONTRACTS)).first().asDict()
    assert transform.summary("b-1", of_lines, of_fates) == {
        "batch_id": "b-1",
        "raw_lines": 6,
        "rows": 2,
        "rows_by_type": {"page_view": 1, "purchase": 1},
        "redelivered": 1,
        "repeated": 1,
        "late_rows": 1,
        "identity_conflicts": 0,
        "rejected": 2,
        "rejects_by_reason": {"untypable": 1, "total_mismatch": 1},
    }


def test_a_batch_that_does_not_add_up_is_refused():
    of_lines = {"raw_lines": 5, "untypable": 1, "total_mismatch": 0}
    of_fates = {"rows:purchase": 2, "redelivered": 1, "repeated": 0, "late_rows": 0, "identity_conflicts": 0}
    with pytest.raises(PipelineError, match=r"b-1: 5 raw lines read, but 2 rows \+ 1 redelivered") as refused:
        transform.summary("b-1", of_lines, of_fates)
    assert "+ 0 repeated + 1 rejected = 4; expected both to be equal. Run the batch again" in str(refused.value)
