from datetime import UTC, datetime, timedelta, timezone

import pytest

from contracts.errors import PipelineError
from lake.positions import Position, utc_text
from lake.times import read_time

ARRIVAL = datetime(2026, 11, 22, 23, 59, 59, 500000, UTC)


def position(sequence="101", sub_sequence=0):
    return Position("ingest", "shardId-000000000000", sequence, sub_sequence, ARRIVAL)


def test_positions_as_text_have_the_order_of_the_shard():
    sequences = ["9", "10", "49590338271490256608559692538361571095921575989136588898"]
    texts = [position(sequence).as_text() for sequence in sequences]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {len("ingest/shardId-000000000000/") + 56 + len("/0")}


def test_a_position_as_text_names_every_part():
    assert position("7", 3).as_text() == f"ingest/shardId-000000000000/{'0' * 55}7/3"


def test_a_position_as_json_has_its_arrival_in_utc():
    assert position().as_json() == {
        "stream": "ingest",
        "shard": "shardId-000000000000",
        "sequence": "101",
        "sub_sequence": 0,
        "arrival_time": "2026-11-22T23:59:59.500000Z",
    }
    assert position().arrival_date == "2026-11-22"


def test_times_are_written_in_utc_with_microseconds():
    dublin = timezone(timedelta(hours=1))
    assert utc_text(datetime(2026, 7, 1, 0, 30, tzinfo=dublin)) == "2026-06-30T23:30:00.000000Z"


@pytest.mark.parametrize("text", ["2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00", "2026-11-22T12:00:00"])
def test_times_of_aws_services_are_read(text):
    assert read_time(text) == "2026-11-22T12:00:00.000000Z"


def test_what_is_no_time_is_named():
    with pytest.raises(PipelineError, match="time is 'noon'; expected ISO 8601 such as 2026-11-22T10:00:00Z"):
        read_time("noon")
