from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from lake import compaction
from lake.added_files import files_added_since
from lake.catalog import ASK_ONCE, BATCH_ID, COUNTS, committed_snapshot, open_table, snapshot_files, stored_files
from lake.compaction import MAINTENANCE_ID, RowsChanged, commit_compaction, plan_compaction, rewrite
from lake.data_files import read_file
from lambdas.commit.batch import Batch, DataFile
from lambdas.commit.commit import commit_batch

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPANS = dict.fromkeys(("page_view", "refund"), ("2026-11-21T00:00:00.000000Z", "2026-11-22T23:59:59.999999Z"))
MEBIBYTE = 1024**2
ITEM = {"product_id": "p", "name": "n", "quantity": 2, "unit_price": Decimal("3"), "line_total": Decimal("6")}


def opened(lake):
    return lambda: open_table(lake.database, **ASK_ONCE)


def prepared(lake, batch_id, rows):
    planned_on = lake.table().metadata.current_snapshot_id
    return Batch(batch_id, planned_on, SPANS, [DataFile(**file) for file in lake.write(batch_id, rows)])


def commit(lake, batch_id, *rows):
    return commit_batch(prepared(lake, batch_id, rows), opened(lake), lambda failures: None)


def rewritten(lake, run_id="compaction-1"):
    table = lake.table()
    plan = plan_compaction(table, 64 * MEBIBYTE)
    return [rewrite(table, group, run_id, number) for number, group in enumerate(plan.groups)]


def compact(lake, run_id="compaction-1"):
    return commit_compaction(rewritten(lake, run_id), run_id, opened(lake), lambda failures: None)


def files(lake):
    return sorted(task.file.file_path.rpartition("/data/")[2] for task in lake.table().scan().plan_files())


def contents(lake):
    """Rows as the files hold them: pyiceberg's reader makes a null list an empty one."""
    uris = [task.file.file_path for task in lake.table().scan().plan_files()]
    rows = [row for uri in uris for row in read_file(lake.table().io, uri).to_pylist()]
    return sorted(rows, key=lambda row: row["event_id"])


def test_small_files_of_a_partition_become_one_and_no_row_changes(lake):
    commit(lake, "b1", lake.row("1", at=NOON), lake.row("4", event_type="refund", refund={"amount": Decimal("1.50")}))
    commit(lake, "b2", lake.row("2", at=NOON - timedelta(hours=1)), lake.row("5", event_type="refund"))
    commit(lake, "b3", lake.row("3", at=NOON - timedelta(days=1), products=[{"product_id": "p"}]))
    before = contents(lake)
    made, gave_way = compact(lake)
    assert (len(made), gave_way) == (2, [])
    assert files(lake) == [
        "event_type=page_view/event_date=2026-11-21/b3-00000.parquet",
        "event_type=page_view/event_date=2026-11-22/compaction-1-00000.parquet",
        "event_type=refund/event_date=2026-11-22/compaction-1-00001.parquet",
    ]
    assert contents(lake) == before
    assert [row["products"] for row in before] == [None, None, [before[2]["products"][0]], None, None]
    assert lake.columns(made[0].uri)["event_id"].to_pylist() == ["2", "1"]


def test_the_commit_is_a_replace_that_names_the_run_and_keeps_the_sums(lake):
    commit(lake, "b1", lake.row("1"))
    commit(lake, "b2", lake.row("2"))
    compact(lake)
    summary = lake.table().current_snapshot().summary
    assert summary.operation.value == "replace"
    found = summary.additional_properties
    assert found[MAINTENANCE_ID] == "compaction-1" and BATCH_ID not in found
    assert (found["added-data-files"], found["deleted-data-files"]) == ("1", "2")
    assert (found["total-data-files"], found["total-records"]) == ("1", "2")


def test_a_compacted_file_carries_field_ids_statistics_and_zstd(lake):
    commit(lake, "b1", lake.row("1", event_type="purchase", purchase={"items": [ITEM]}))
    commit(lake, "b2", lake.row("2", event_type="purchase"))
    (made,), _ = compact(lake)
    (task,) = lake.table().scan("event_type = 'purchase' and event_date = '2026-11-22'").plan_files()
    assert task.file.lower_bounds and task.file.record_count == 2
    assert {row["event_id"] for row in lake.table().scan().to_arrow().to_pylist()} == {"1", "2"}
    assert lake.columns(made.uri)["purchase"].to_pylist()[0]["items"][0]["line_total"] == Decimal("6")
    assert stored_files(lake.table(), {"page_view": SPANS["page_view"]}) == []


def test_files_older_than_a_column_are_compacted_with_those_that_have_it(empty_lake):
    lake = empty_lake
    commit(lake, "b1", lake.row("1"))
    with lake.table().update_schema() as update:
        update.union_by_name(
            lake.table().schema().as_arrow().append(compaction.pa.field("note", compaction.pa.string()))
        )
    commit(lake, "b2", lake.row("2", note="new"))
    compact(lake)
    assert lake.visible("event_id", "note") == [("1", None), ("2", "new")]


def test_what_is_large_enough_or_alone_is_left_as_it_is(lake):
    commit(lake, "b1", lake.row("1"), lake.row("2", event_type="refund"))
    commit(lake, "b2", lake.row("3"))
    (size, *_) = (t.file.file_size_in_bytes for t in lake.table().scan("event_type = 'page_view'").plan_files())
    assert plan_compaction(lake.table(), size).groups == ()
    assert [len(group.files) for group in plan_compaction(lake.table(), 3 * size).groups] == [2]


def test_a_file_has_so_many_rows_at_most_however_small_they_are(lake, monkeypatch):
    monkeypatch.setattr(compaction, "MOST_ROWS", 4)
    for number in range(5):
        commit(lake, f"b{number}", *(lake.row(f"{number}-{n}") for n in range(3 if number == 0 else 2)))
    groups = plan_compaction(lake.table(), 64 * MEBIBYTE).groups
    assert [[file.record_count for file in group.files] for group in groups] == [[2, 2], [2, 2]]


def test_neighbours_in_time_are_put_together(lake):
    for minute in (0, 3, 1, 2):
        commit(lake, f"b{minute}", lake.row(str(minute), at=NOON + timedelta(minutes=minute)))
    size = max(t.file.file_size_in_bytes for t in lake.table().scan().plan_files())
    groups = plan_compaction(lake.table(), int(2.2 * size)).groups
    names = [[file.file_path.rpartition("/")[2][:2] for file in group.files] for group in groups]
    assert names == [["b0", "b1"], ["b2", "b3"]]


def test_files_with_row_level_deletes_are_left_to_glue(lake, monkeypatch):
    commit(lake, "b1", lake.row("1"))
    commit(lake, "b2", lake.row("2"))
    tasks = list(lake.table().scan().plan_files())
    tasks[0].delete_files = {tasks[1].file}
    monkeypatch.setattr("pyiceberg.table.DataScan.plan_files", lambda scan: tasks)
    plan = plan_compaction(lake.table(), 64 * MEBIBYTE)
    assert (plan.groups, plan.with_deletes) == ((), 1)


def test_a_file_that_reads_back_otherwise_stops_everything_before_the_commit(lake, monkeypatch):
    commit(lake, "b1", lake.row("1"), lake.row("2"))
    commit(lake, "b2", lake.row("3"))
    write = compaction.write_file
    monkeypatch.setattr(compaction, "write_file", lambda io, uri, rows: write(io, uri, rows.slice(1)))
    with pytest.raises(RowsChanged, match=r"2 files of page_view on 2026-11-22: the table counts 3 rows, .* hold 3 "):
        compact(lake)
    assert files(lake) == [f"event_type=page_view/event_date=2026-11-22/{b}-00000.parquet" for b in ("b1", "b2")]


def test_a_batch_that_commits_while_files_are_compacted_stays(lake):
    commit(lake, "b1", lake.row("1"))
    commit(lake, "b2", lake.row("2"))
    made = rewritten(lake)
    commit(lake, "b3", lake.row("3"))
    kept, gave_way = commit_compaction(made, "compaction-1", opened(lake), lambda failures: None)
    assert (len(kept), gave_way) == (1, [])
    assert lake.visible() == [("1", "b1"), ("2", "b2"), ("3", "b3")]


def test_a_batch_that_gets_ahead_of_the_commit_itself_makes_it_look_again(lake):
    commit(lake, "b1", lake.row("1"))
    commit(lake, "b2", lake.row("2"))
    made, late = rewritten(lake), prepared(lake, "b3", [lake.row("3")])
    overtaken, pauses = [], []

    def open_and_be_overtaken():
        table = opened(lake)()
        if not overtaken:
            overtaken.append(commit_batch(late, opened(lake), lambda failures: None))
        return table

    kept, _ = commit_compaction(made, "compaction-1", open_and_be_overtaken, pauses.append)
    assert (len(kept), pauses) == (1, [1])
    assert lake.visible() == [("1", "b1"), ("2", "b2"), ("3", "b3")]


def test_a_group_whose_files_were_replaced_meanwhile_gives_way(lake):
    commit(lake, "b1", lake.row("1"), lake.row("5", event_type="refund"))
    commit(lake, "b2", lake.row("2"), lake.row("6", event_type="refund"))
    made = rewritten(lake)
    lake.table().delete("event_id = '1'")
    kept, gave_way = commit_compaction(made, "compaction-1", opened(lake), lambda failures: None)
    assert [one.group.event_type for one in kept] == ["refund"]
    assert [one.group.event_type for one in gave_way] == ["page_view"]
    assert lake.visible() == [("2", "b2"), ("5", "b1"), ("6", "b2")]


def test_a_run_that_is_committed_is_not_committed_again(lake):
    commit(lake, "b1", lake.row("1"))
    commit(lake, "b2", lake.row("2"))
    made, _ = compact(lake)
    assert commit_compaction(made, "compaction-1", opened(lake), lambda failures: None) == (made, [])
    assert len(lake.table().metadata.snapshots) == 3


def test_a_batch_that_was_planned_on_files_which_are_compacted_since_finds_what_is_new(lake):
    commit(lake, "b1", lake.row("1"))
    commit(lake, "b2", lake.row("2"))
    batch = prepared(lake, "b9", [lake.row("3"), lake.row("4")])
    commit(lake, "b3", lake.row("3"))
    compact(lake)
    made = commit_batch(batch, opened(lake), lambda failures: None)
    assert (made.rows, made.redelivered) == (1, 1)
    assert lake.visible() == [("1", "b1"), ("2", "b2"), ("3", "b3"), ("4", "b9")]


def test_a_compaction_that_took_up_nothing_new_is_not_read_by_a_batch(lake):
    commit(lake, "b1", lake.row("1"))
    commit(lake, "b2", lake.row("2"))
    planned = lake.table().metadata.current_snapshot_id
    commit(lake, "b3", lake.row("5", event_type="refund"))
    compact(lake)
    assert [uri.rpartition("/")[2] for uri in files_added_since(lake.table(), planned, SPANS)] == ["b3-00000.parquet"]


def test_a_second_compaction_is_followed_too(lake):
    commit(lake, "b1", lake.row("1"))
    planned = lake.table().metadata.current_snapshot_id
    commit(lake, "b2", lake.row("2"))
    compact(lake)
    commit(lake, "b3", lake.row("3"))
    compact(lake, "compaction-2")
    (found,) = files_added_since(lake.table(), planned, SPANS)
    assert found.endswith("compaction-2-00000.parquet")


def test_what_a_batch_was_committed_as_is_still_told_after_a_compaction(lake):
    made = commit(lake, "b1", lake.row("1"))
    commit(lake, "b2", lake.row("2"))
    compact(lake)
    snapshot = committed_snapshot(lake.table(), "b1")
    assert snapshot_files(lake.table(), snapshot) == made.files
    assert COUNTS in lake.table().snapshot_by_id(snapshot).summary.additional_properties
