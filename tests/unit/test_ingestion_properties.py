"""Whatever the bytes: one line or one reject an event, neighbours land, nothing is raised, nothing is changed."""

import base64
import json
from copy import deepcopy
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.shop.events import shop_lines
from contracts.contract import load_contracts
from lake.raw_lines import RawObject
from lambdas.ingestion.decode import NOT_TYPED, Accepted, Decoder
from lambdas.ingestion.delivery import read_delivery
from lambdas.ingestion.unpack import unpack
from tests.unit.ingestion_events import ARRIVAL, EVENT, POSITION
from tests.unit.test_ingestion_unpack import aggregate

DECODER = Decoder(load_contracts())
START = datetime(2026, 11, 21, 11, tzinfo=UTC)
GOOD = [line for kind, line in shop_lines(300, 3, START) if kind in ("event", "late")]
ONE_OF_EACH_TYPE = list({event["type"]: event for event in map(orjson.loads, GOOD)}.values())
EXAMPLES = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.005, 19.99, 1e13, 2.0])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
ODD_VALUES = ANY_JSON | st.sampled_from(
    ["EUR", "2026-11-22T10:00:00Z", "2026-11-22 10:00:00Z", "/shop web", "x" * 300, ""]
)


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*path, name))


def put(value, path, new):
    if not path:
        return new
    changed = deepcopy(value)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = new
    return changed


def near_misses(value):
    """Values that a rule may just not allow."""
    if isinstance(value, bool) or value is None:
        return [0, "true", [], None]
    if isinstance(value, int | float):
        return [value + 0.001, value + 0.5, -value, value * 10**15, float(value), 0, str(value), 2**63, True]
    if isinstance(value, str):
        return [value + "\n", value.lower(), value.upper(), value[:-1], value * 3000, "", value + "Z", f" {value}", 7]
    return [None, [], {}, "", 1]


def at(value, path):
    for step in path:
        value = value[step]
    return value


@st.composite
def mutated_events(draw):
    """A good event with one or two of its values replaced, dropped or added, or with bytes of it changed."""
    event = orjson.loads(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 2))):
        path = draw(st.sampled_from(sorted(places(event), key=str)))
        event = put(event, path, draw(st.sampled_from(near_misses(at(event, path))) | ODD_VALUES))
    if isinstance(event, dict) and draw(st.booleans()):
        event[draw(st.sampled_from(["rank", "traceparent", "dataschema", "data_base64", "größe"]))] = draw(ODD_VALUES)
    line = json.dumps(event, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 4)) == 0:
        cut = draw(st.integers(0, len(line)))
        line = line[:cut] + draw(st.binary(max_size=3)) + line[cut + draw(st.integers(0, 3)) :]
    return line


RECORDS = (
    st.binary(max_size=200)
    | ANY_JSON.map(lambda value: json.dumps(value).encode())
    | mutated_events()
    | st.lists(mutated_events() | st.binary(max_size=20), max_size=3).map(lambda found: b"[" + b",".join(found) + b"]")
    | st.lists(mutated_events(), min_size=1, max_size=3).map(lambda found: aggregate(*found))
)


def reads(*records):
    return read_delivery([(r, POSITION._replace(sequence=str(n))) for n, r in enumerate(records)], DECODER)


@EXAMPLES
@given(RECORDS)
def test_every_event_of_a_record_is_one_line_or_one_reject_beside_good_neighbours(record):
    alone, among = reads(record), reads(GOOD[0], record, GOOD[1])
    assert len(alone.raw.lines) + len(alone.rejects) == len(unpack(record)) == alone.receipt().events
    assert len(among.raw.lines) == len(alone.raw.lines) + 2
    assert [reject.reason for reject in among.rejects] == [reject.reason for reject in alone.rejects]
    assert not any(reject.reason == "decoder_error" for reject in alone.rejects)


@EXAMPLES
@given(RECORDS)
def test_the_original_bytes_come_back_from_the_error_zone(record):
    events = unpack(record)
    for lines in reads(record).reject_lines().values():
        for line in map(json.loads, lines):
            assert base64.b64decode(line["original_base64"]) == events[line["sub_sequence"]]


@EXAMPLES
@given(mutated_events())
def test_what_the_quick_way_lets_in_the_rules_let_in_too_and_store_alike(event):
    assert_judged_alike(event)


@pytest.mark.parametrize("event", ONE_OF_EACH_TYPE, ids=lambda event: event["type"])
def test_every_near_miss_of_every_value_is_judged_alike(event):
    for path in places(event):
        for value in near_misses(at(event, path)):
            assert_judged_alike(json.dumps(put(event, path, value)).encode())


def assert_judged_alike(event):
    try:
        quick = DECODER._accepted(event, ARRIVAL)
    except NOT_TYPED:
        return
    judged = DECODER._judged(event, POSITION)
    assert isinstance(judged, Accepted), judged
    assert as_line(quick) == as_line(judged)


def as_line(outcome):
    raw = RawObject()
    raw.add(POSITION, *outcome)
    return json.loads(raw.lines[0])


def test_good_events_take_the_quick_way():
    for line in GOOD:
        assert DECODER._accepted(line, ARRIVAL)


def test_a_defect_of_the_decoder_is_a_reject_and_no_exception(monkeypatch):
    def fails(payload, position):
        if payload == b"poison":
            raise KeyError("j@example.com")
        return Decoder.decode(DECODER, payload, position)

    decoder = Decoder(load_contracts())
    monkeypatch.setattr(decoder, "decode", fails)
    good = orjson.dumps(EVENT)
    delivery = read_delivery([(record, POSITION) for record in (good, b"poison", good)], decoder)
    (reject,) = delivery.rejects
    assert (len(delivery.raw.lines), reject.original, reject.reason) == (2, b"poison", "decoder_error")
    assert reject.found.startswith("KeyError in fails, line ")
