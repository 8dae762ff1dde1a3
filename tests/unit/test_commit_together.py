"""Batches that commit at the same moment, and who reads meanwhile: each event once, each batch whole."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pyiceberg.io.pyarrow import PyArrowFileIO

from lake.catalog import ASK_ONCE, open_table
from lambdas.commit.batch import Batch, DataFile
from lambdas.commit.commit import commit_batch

DAY = ("2026-11-22T00:00:00.000000Z", "2026-11-22T23:59:59.999999Z")
SPANS = {"page_view": DAY, "refund": DAY}


def prepared(lake, batch_id, event_ids):
    """A batch past its deduplication: files written, planned on the table as it is now."""
    planned_on = lake.table().metadata.current_snapshot_id
    types = itertools.cycle(("page_view", "refund"))
    kind = dict(zip("abcdefghij", types, strict=False))
    rows = [lake.row(event_id, event_type=kind[event_id[0]]) for event_id in event_ids]
    return Batch(batch_id, planned_on, SPANS, [DataFile(**file) for file in lake.write(batch_id, rows)])


def commit(lake, batch, pause=lambda failures: None):
    # Each Lambda has a client of its own, which asks once.
    return commit_batch(batch, lambda: open_table(lake.database, **ASK_ONCE), pause)


def at_once(*calls):
    """What the calls return, all started at the same moment."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("order", list(itertools.permutations(("b1", "b2", "b3"))), ids="-".join)
def test_overlapping_batches_that_were_deduplicated_before_any_committed_give_one_row_each(lake, order):
    events = {"b1": ["a", "b", "c"], "b2": ["b", "c", "d"], "b3": ["a", "c", "e"]}
    batches = {batch_id: prepared(lake, batch_id, ids) for batch_id, ids in events.items()}
    made = [commit(lake, batches[batch_id]) for batch_id in order]
    assert [event_id for (event_id,) in lake.visible("event_id")] == ["a", "b", "c", "d", "e"]
    assert sum(m.rows for m in made) == 5
    assert sum(m.redelivered + m.repeated for m in made) == 4


def test_overlapping_batches_that_commit_at_the_same_moment_give_one_row_each(lake):
    events = [("a", "b", "c"), ("b", "c", "d"), ("c", "d", "e"), ("d", "e", "f"), ("e", "f", "a")]
    batches = [prepared(lake, f"b{n}", ids) for n, ids in enumerate(events)]
    failures = []
    made = at_once(*(lambda batch=batch: commit(lake, batch, failures.append) for batch in batches))
    assert failures, "no two commits met: the test proves nothing"
    assert [event_id for (event_id,) in lake.visible("event_id")] == ["a", "b", "c", "d", "e", "f"]
    assert (sum(m.rows for m in made), sum(m.redelivered for m in made)) == (6, 9)


def test_the_same_batch_that_runs_twice_at_the_same_moment_is_committed_once(lake):
    batch = prepared(lake, "b1", ("a", "b"))
    first, second = at_once(lambda: commit(lake, batch), lambda: commit(lake, batch))
    assert first == second
    assert lake.visible() == [("a", "b1"), ("b", "b1")]
    assert len(lake.table().metadata.snapshots) == 1


def test_a_reader_sees_whole_batches_or_nothing_at_every_moment(lake):
    batches = {f"b{n}": prepared(lake, f"b{n}", (f"a{n}", f"b{n}", f"c{n}", f"d{n}")) for n in range(6)}
    done, seen = threading.Event(), []

    def read():
        while not done.is_set():
            rows = lake.table().scan(selected_fields=("event_id", "batch_id")).to_arrow().to_pylist()
            seen.append(rows)

    def write():
        for batch in batches.values():
            commit(lake, batch)

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        pool.submit(write).result()
        done.set()
        [reader.result() for reader in readers]
    wholes = {batch_id: sorted(f"{kind}{batch_id[1:]}" for kind in "abcd") for batch_id in batches}
    for rows in seen:
        of_batch = {}
        for row in rows:
            of_batch.setdefault(row["batch_id"], []).append(row["event_id"])
        assert {batch_id: sorted(ids) for batch_id, ids in of_batch.items()} == {b: wholes[b] for b in of_batch}
    states = {len({row["batch_id"] for row in rows}) for rows in seen}
    assert len(states) > 2, f"the readers only saw {states} batches: the test proves little"


@pytest.fixture
def opened(monkeypatch):
    """Names of the files that the table's file access opens to read, in order."""
    names, new_input = [], PyArrowFileIO.new_input

    def spy(io, location):
        names.append(location.rpartition("/")[2])
        return new_input(io, location)

    monkeypatch.setattr(PyArrowFileIO, "new_input", spy)
    return names


def data_files(names):
    return sorted({name for name in names if name.endswith(".parquet")})


def manifests(names):
    return {name for name in names if name.endswith(".avro") and not name.startswith("snap-")}


def test_the_check_opens_what_is_new_and_not_what_is_stored(lake, opened):
    for n in range(5):
        commit(lake, prepared(lake, f"old{n}", (f"a{n}",)))
    batch = prepared(lake, "b9", ("a", "b"))
    commit(lake, prepared(lake, "new", ("a",)))
    opened.clear()
    made = commit(lake, batch)
    assert (made.rows, made.redelivered) == (1, 1)
    views, refunds = "b9-00000.parquet", "b9-00001.parquet"
    assert data_files(opened) == [views, refunds, "new-00000.parquet"]
    assert len(manifests(opened)) == 1


def test_after_a_conflict_only_what_is_newer_still_is_compared(lake, opened):
    batch = prepared(lake, "b9", ("a", "b", "c"))
    first, second = prepared(lake, "first", ("a",)), prepared(lake, "second", ("c",))
    commit(lake, first)
    states = iter([lambda: commit(lake, second)])

    def open_and_be_overtaken():
        table = open_table(lake.database, **ASK_ONCE)
        next(states, lambda: None)()
        return table

    seen = []
    made = commit_batch(batch, open_and_be_overtaken, lambda failures: (seen.append(list(opened)), opened.clear()))
    assert len(seen) == 1
    assert (made.rows, made.redelivered) == (1, 2)
    compared_again = data_files(opened)
    assert "second-00000.parquet" in compared_again and "first-00000.parquet" not in compared_again
    assert lake.visible() == [("a", "first"), ("b", "b9"), ("c", "second")]


def test_a_batch_that_is_not_committed_leaves_nothing_that_a_reader_finds(lake):
    commit(lake, prepared(lake, "b1", ("a",)))
    prepared(lake, "dead", ("b", "c"))
    assert len(lake.keys(lake.processed, ".parquet")) == 3
    assert lake.visible() == [("a", "b1")]
    assert len(list(lake.table().scan().plan_files())) == 1
