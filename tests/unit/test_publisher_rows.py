"""Rows of a part in order, from where the publisher stopped; parts cut into calls."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lambdas.publisher.plan import Part, Plan, publication, shares
from lambdas.publisher.progress import Failure, Progress, read_progress
from lambdas.publisher.rows import BYTES_AT_ONCE, ROWS_AT_ONCE, only, read_file, rows_at_once


class CountingFile(io.BytesIO):
    """Knows how much of it was read."""

    bytes_read = 0

    def read(self, size=-1):
        found = super().read(size)
        self.bytes_read += len(found)
        return found


def file_of(rows, row_group_size):
    sink = CountingFile()
    ids = pa.table(
        {"event_id": [f"e-{n}" for n in range(rows)], "refund": [{"a": "x" * 5000 + str(n)} for n in range(rows)]}
    )
    pq.write_table(ids, sink, row_group_size=row_group_size, compression="none", use_dictionary=False)
    return sink


def ids(batches):
    return [event_id for batch in batches for event_id in batch["event_id"].to_pylist()]


@pytest.mark.parametrize("first", range(11))
def test_reading_goes_on_at_any_row_of_any_row_group(first, monkeypatch):
    monkeypatch.setattr("lambdas.publisher.rows.ROWS_AT_ONCE", 2)
    assert ids(read_file(file_of(10, row_group_size=3), "refund", first)) == [f"e-{n}" for n in range(first, 10)]


def test_row_groups_that_are_done_are_not_read():
    whole, rest = file_of(100, 10), file_of(100, 10)
    list(read_file(whole, "refund", 0))
    list(read_file(rest, "refund", 90))
    assert rest.bytes_read < whole.bytes_read / 4


def test_large_rows_are_read_a_few_at_a_time():
    assert rows_at_once(1_000_000, 300_000_000) == ROWS_AT_ONCE
    assert rows_at_once(100, 100 * BYTES_AT_ONCE // 4) == 4
    assert rows_at_once(1, 10 * BYTES_AT_ONCE) == 1


def test_single_rows_are_found_by_their_numbers():
    batches = pa.table({"event_id": list("abcdef")}).to_batches(max_chunksize=4)
    assert [(number, row["event_id"].to_pylist()) for number, row in only(iter(batches), {1, 4})] == [
        (1, ["b"]),
        (4, ["e"]),
    ]


def test_small_parts_share_a_call_and_a_large_one_has_its_own():
    parts = [Part(number, "refund", rows) for number, rows in enumerate([4, 4, 3, 25, 1, 9, 1])]
    assert shares(parts, 10) == [[0, 1], [2], [3], [4, 5], [6]]
    assert shares([], 10) == []


FAILURE = Failure(2, "/shop", "e-2", "too_large", "2000000 bytes")


def test_progress_survives_its_document():
    progress = Progress(3).after(5, [FAILURE]).at_end()
    assert read_progress(progress.as_document()) == progress
    assert (progress.rows_done, progress.published, progress.is_done) == (5, 4, True)


def test_a_failure_that_is_sent_after_all_is_published():
    progress = Progress(3).after(5, [FAILURE])
    assert progress.after_again({2}, []) == Progress(3, rows_done=5, published=5)
    assert progress.after_again({2}, [FAILURE]) == progress


def test_rows_that_are_in_no_count_are_not_passed_over():
    plan = Plan("b-1", "7", [Part(0, "refund", 4)])
    assert publication(plan, {0: Progress(0).after(4, [])})["published"] == 4
    assert publication(plan, {0: Progress(0).after(3, [])})["deleted_unsent"] == 1
    with pytest.raises(Exception, match=r"batch b-1: 4 rows, but .*'published': 5.*; expected them to add up"):
        publication(plan, {0: Progress(0).after(5, [])})
