"""Shards: what moto does by itself, and what the mend makes of it."""

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import pytest
from moto.kinesis.models import Shard

from local.mends import kinesis_shards


def filled(records):
    shard = Shard(0, 0, 1)
    for number in range(records):
        kinesis_shards.put_record(shard, "k", str(number), None)
    return shard


@pytest.fixture(scope="module", autouse=True)
def mended(front):
    return front


def test_pages_follow_each_other():
    shard = filled(5)
    page, last, behind = shard.get_records("0", 2)
    assert ([record.data for record in page], last) == (["0", "1"], 2)
    page, last, _ = shard.get_records(str(last), 10)
    assert ([record.data for record in page], last) == (["2", "3", "4"], 5)
    assert shard.get_records(str(last), 10) == ([], 5, 0)
    assert [record.data for record in shard.get_records("3", None)[0]] == ["3", "4"]
    assert behind >= 0


def test_an_empty_shard_has_no_records():
    assert Shard(0, 0, 1).get_records("0", 10) == ([], 0, 0)


def test_two_writers_lose_nothing():
    shard = Shard(0, 0, 1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: shard.put_record("k", str(n), None), range(4000)))
    assert len(shard.records) == 4000


class Walked(Exception):
    """All records were walked over."""


class Records(OrderedDict):
    def keys(self):
        raise Walked


def test_moto_by_itself_walks_over_all_records_to_write_one():
    shard = filled(3)
    shard.records = Records(shard.records)
    assert shard.get_max_sequence_number() == 3
    with pytest.raises(Walked):
        kinesis_shards.moto_last_sequence(shard)
