"""The whole way of an event: real templates, real processes, a local AWS of its own."""

import json

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EVENTS = 400


@pytest.fixture(scope="module")
def story(etl):
    return etl("demo", "--events", str(EVENTS), "--seed", "11")


@pytest.fixture(scope="module")
def first(etl, story):
    return json.loads(etl("status", "--json", "--check"))


def rows(etl):
    return json.loads(etl("query", "--json", "SELECT count(*) AS n FROM events"))[0]["n"]


def test_every_line_is_a_row_a_duplicate_or_a_reject(story, first):
    assert f"{EVENTS} lines in = " in story
    assert first["ingestion"]["records"] == EVENTS
    assert first["lag"]["pending_lines"] == 0
    made = first["batches"]["rows"] + first["batches"]["repeated"] + first["batches"]["redelivered"]
    assert made + sum(first["rejects_by_reason"].values()) == EVENTS


def test_the_table_holds_the_rows_and_the_stream_as_many_records(etl, story, first):
    assert rows(etl) == first["batches"]["rows"] == first["batches"]["published"] > 0
    assert f"{first['batches']['rows']} records on the stream tributary-local-downstream" in story


def test_the_story_shows_the_event_its_row_and_the_report(etl, story):
    assert '"specversion": "1.0"' in story
    assert '"customer": {' in story
    assert list((etl.folder / "reports").glob("*.html"))


def test_the_same_events_sent_again_add_no_row(etl, first):
    before = rows(etl)
    file = etl.folder / f"demo/shop-{EVENTS}-11.ndjson"
    again = json.loads(etl("send", str(file), "--wait", "--json"))
    assert (again["rows"], again["unaccounted"], rows(etl)) == (0, 0, before)
    assert again["duplicates"] == EVENTS - again["rejects"]


def test_a_demo_of_the_same_events_adds_no_row_either(etl, first):
    assert "lines in = 0 rows + " in etl("demo", "--events", str(EVENTS), "--seed", "11")


def test_every_unit_has_left_logs(etl, story):
    assert "enrichment" in etl("logs")
    assert "delivery stored" in etl("logs", "ingestion")
