import copy
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ReadTimeoutError
from pyiceberg.exceptions import CommitFailedException

from contracts.errors import ConfigurationError
from lake.catalog import BATCH_ID
from lambdas.commit.batch import Batch, DataFile
from lambdas.commit.commit import CommitRefused, commit_batch

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPANS = dict.fromkeys(("page_view", "refund"), ("2026-11-22T00:00:00.000000Z", "2026-11-22T23:59:59.999999Z"))


def prepared(lake, batch_id, rows):
    """A batch whose files are written, planned on the table as it is now."""
    planned_on = lake.table().metadata.current_snapshot_id
    return Batch(batch_id, planned_on, SPANS, [DataFile(**file) for file in lake.write(batch_id, rows)])


def commit(lake, batch, open_table=None):
    return commit_batch(batch, open_table or lake.table, lambda failures: None)


def failing(lake, *answers):
    """Ways to open the table: each answer in turn stands in for Glue's UpdateTable, then Glue itself answers."""
    pending = list(answers)

    def open_table():
        table = lake.table()
        table.catalog = copy.copy(table.catalog)
        update = table.catalog._update_glue_table
        answer = pending.pop(0) if pending else lambda update, **request: update(**request)
        table.catalog._update_glue_table = lambda **request: answer(update, **request)
        return table

    return open_table


def test_a_commit_makes_the_rows_of_all_types_visible_at_once(lake):
    batch = prepared(lake, "b1", [lake.row("1"), lake.row("2"), lake.row("3", event_type="refund")])
    assert lake.visible() == []
    made = commit(lake, batch)
    assert lake.visible() == [("1", "b1"), ("2", "b1"), ("3", "b1")]
    assert (made.rows, made.rows_by_type, made.redelivered, made.repeated) == (3, {"page_view": 2, "refund": 1}, 0, 0)
    assert made.files == [file.uri for file in batch.files]
    snapshot = lake.table().current_snapshot()
    assert made.snapshot_id == str(snapshot.snapshot_id)
    assert snapshot.summary.additional_properties[BATCH_ID] == "b1"


def test_a_repeated_commit_finds_it_done(lake):
    batch = prepared(lake, "b1", [lake.row("1"), lake.row("2", event_type="refund")])
    first = commit(lake, batch)
    commit(lake, prepared(lake, "b2", [lake.row("3")]))
    again = commit(lake, batch)
    assert again == first
    assert len(lake.table().metadata.snapshots) == 2


def test_the_same_events_in_two_batches_become_one_row_each(lake):
    one = prepared(lake, "b1", [lake.row("1"), lake.row("2"), lake.row("3", event_type="refund")])
    two = prepared(
        lake,
        "b2",
        [lake.row("1"), lake.row("2", position="elsewhere"), lake.row("4"), lake.row("5", event_type="refund")],
    )
    commit(lake, one)
    made = commit(lake, two)
    assert lake.visible() == [("1", "b1"), ("2", "b1"), ("3", "b1"), ("4", "b2"), ("5", "b2")]
    assert (made.rows, made.rows_by_type) == (2, {"page_view": 1, "refund": 1})
    assert (made.redelivered, made.repeated) == (1, 1)


def test_only_files_that_lose_rows_are_written_again(lake):
    one = prepared(lake, "b1", [lake.row("1")])
    two = prepared(lake, "b2", [lake.row("1"), lake.row("4"), lake.row("5", event_type="refund")])
    met = commit(lake, one).snapshot_id
    views, refunds = (file.uri for file in two.files)
    rewritten = views.replace(".parquet", f"-r{met}.parquet")
    assert commit(lake, two).files == [rewritten, refunds]
    assert lake.columns(views)["event_id"].to_pylist() == ["1", "4"]
    assert lake.columns(rewritten)["event_id"].to_pylist() == ["4"]


def test_rewritten_rows_keep_types_nested_values_and_order(lake):
    items = [{"product_id": "p", "name": "n", "quantity": 2, "unit_price": 3, "line_total": 6}]
    bought = [
        lake.row(str(n), event_type="purchase", at=NOON + timedelta(seconds=n), purchase={"total": n, "items": items})
        for n in range(4)
    ]
    one, two = prepared(lake, "b1", bought[1:2]), prepared(lake, "b2", bought)
    two = Batch("b2", None, {"purchase": SPANS["refund"]}, two.files)
    commit(lake, one)
    (uri,) = commit(lake, two).files
    before, after = lake.columns(two.files[0].uri), lake.columns(uri)
    assert after.schema.equals(before.schema, check_metadata=True)
    assert after.to_pylist() == [row for row in before.to_pylist() if row["event_id"] != "1"]


def test_events_of_other_days_are_not_compared(lake):
    batch = prepared(lake, "b2", [lake.row("1")])
    commit(lake, prepared(lake, "b1", [lake.row("9", at=NOON - timedelta(days=1))]))
    lake.s3.delete_object(Bucket=lake.processed, Key=lake.keys(lake.processed, "b1-00000.parquet")[0])
    assert commit(lake, batch).rows == 1


def test_a_batch_whose_rows_are_all_there_makes_no_snapshot(lake):
    one, two = prepared(lake, "b1", [lake.row("1")]), prepared(lake, "b2", [lake.row("1")])
    commit(lake, one)
    made = commit(lake, two)
    assert (made.snapshot_id, made.rows, made.redelivered, made.files) == (None, 0, 1, [])
    assert len(lake.table().metadata.snapshots) == 1


def test_a_batch_without_rows_does_not_open_the_table():
    made = commit_batch(Batch("b1", None, {}, []), open_table=None, pause=None)
    assert made.as_document() == {
        "batch_id": "b1", "snapshot_id": None, "rows": 0, "rows_by_type": {}, "redelivered": 0, "repeated": 0,
        "files": [],
    }  # fmt: skip


def test_a_batch_that_was_overtaken_looks_for_duplicates_again(lake):
    one, two = prepared(lake, "b1", [lake.row("1")]), prepared(lake, "b2", [lake.row("1"), lake.row("2")])
    overtaken = []

    def open_table():
        table = lake.table()
        if not overtaken:
            overtaken.append(commit(lake, one))
        return table

    made = commit(lake, two, open_table)
    assert lake.visible() == [("1", "b1"), ("2", "b2")]
    assert (made.rows, made.redelivered) == (1, 1)


def test_a_conflict_that_glue_reports_is_tried_again(lake):
    one, two = prepared(lake, "b1", [lake.row("1")]), prepared(lake, "b2", [lake.row("1"), lake.row("2")])

    def overtaken(update, **request):
        commit(lake, one)
        raise CommitFailedException("Glue detected concurrent update")

    pauses = []
    commit_batch(two, failing(lake, overtaken), pauses.append)
    assert lake.visible() == [("1", "b1"), ("2", "b2")]
    assert pauses == [1]


def test_a_commit_whose_answer_was_lost_is_found(lake):
    def lost(update, **request):
        update(**request)
        raise ReadTimeoutError(endpoint_url="glue")

    made = commit(lake, prepared(lake, "b1", [lake.row("1")]), failing(lake, lost))
    assert lake.visible() == [("1", "b1")]
    assert made.snapshot_id == str(lake.table().current_snapshot().snapshot_id)
    assert len(lake.table().metadata.snapshots) == 1


def test_a_lost_answer_on_the_last_attempt_is_found_too(lake):
    def unreachable(update, **request):
        raise ReadTimeoutError(endpoint_url="glue")

    def lost(update, **request):
        update(**request)
        raise ReadTimeoutError(endpoint_url="glue")

    batch = prepared(lake, "b1", [lake.row("1")])
    assert commit(lake, batch, failing(lake, unreachable, unreachable, lost)).rows == 1


def test_a_batch_that_only_meets_conflicts_gives_up_with_nothing_visible(lake):
    def conflict(update, **request):
        raise CommitFailedException("Glue detected concurrent update")

    batch = prepared(lake, "b1", [lake.row("1")])
    with pytest.raises(CommitRefused, match=r"b1: 10 attempts .* concurrent update.* reconciliation"):
        commit(lake, batch, failing(lake, *[conflict] * 20))
    assert lake.visible() == []


def test_a_commit_that_died_leaves_nothing_visible_and_can_be_repeated(lake):
    class Killed(BaseException):
        pass

    def killed(update, **request):
        raise Killed

    batch = prepared(lake, "b1", [lake.row("1")])
    with pytest.raises(Killed):
        commit(lake, batch, failing(lake, killed))
    assert lake.visible() == []
    assert commit(lake, batch).rows == 1
    assert lake.visible() == [("1", "b1")]


def test_a_table_that_lets_the_library_retry_is_refused(lake):
    with lake.table().transaction() as transaction:
        transaction.remove_properties("commit.retry.num-retries")
    with pytest.raises(ConfigurationError, match=r"commit.retry.num-retries is None; expected '0'"):
        commit(lake, prepared(lake, "b1", [lake.row("1")]))
