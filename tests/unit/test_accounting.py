"""Waiting: what became of the records that were sent, told by receipts and batch records."""

from datetime import UTC, datetime

from cli.sending.accounting import PUBLISHED, Account
from cli.sending.waiting import dates_since, failure_in_words, phases, poll
from lake.ledger import VISIBLE, BatchRecord, IngestionReceipt


def receipt(first, last, lines, raw_key="k1", shard="s-0", **reasons):
    rejected = sum(reasons.values())
    times = ["2026-11-22T10:00:00.000000Z"] * 2
    return IngestionReceipt(
        "ingest",
        shard,
        str(first),
        str(last),
        *times,
        lines + rejected,
        lines + rejected,
        lines,
        rejected,
        reasons,
        raw_key,
    )


def batch(status, *keys, raw_lines, rows=0, **counts):
    objects = [{"key": key, "version": None} for key in keys]
    times = ["2026-11-22T10:00:00.000000Z"] * 2
    return BatchRecord("b-1", "2026-11-22", status, *times, 1, objects, raw_lines, rows=rows, **counts)


def test_records_are_read_once_receipts_cover_them():
    account = Account({"s-0": [12, 10, 11], "s-1": [7]})
    account.add_receipt(receipt(9, 11, lines=3))
    assert (account.sent, account.read, account.is_settled) == (4, 2, False)
    account.add_receipt(receipt(12, 12, lines=1))
    account.add_receipt(receipt(7, 7, lines=1, shard="s-1", raw_key="k2"))
    assert account.read == 4


def test_receipts_of_other_records_are_passed_over():
    account = Account({"s-0": [10]})
    account.add_receipt(receipt(1, 9, lines=9))
    account.add_receipt(receipt(10, 10, lines=1, shard="s-1"))
    assert (account.read, account.receipts) == (0, [])
    assert account.concerns("s-0", 9, 10)
    assert not account.concerns("s-0", 11, 12)


def test_long_sequence_numbers_are_compared_as_numbers():
    long = 49590338271490256608559692538361571095921575989136588898
    account = Account({"s-0": [long]})
    account.add_receipt(receipt(9, long, lines=1))
    assert account.read == 1


def test_a_sending_is_done_when_each_raw_object_is_in_a_published_batch():
    account = Account({"s-0": [1, 2, 3]})
    account.add_receipt(receipt(1, 3, lines=2, invalid_json=1))
    account.batches = [batch("running", "k1", raw_lines=2)]
    assert phases(account) == {"read": 3, "committed": 1, "published": 1}
    account.batches = [batch("committed", "k1", raw_lines=2, rows=2)]
    assert phases(account) == {"read": 3, "committed": 3, "published": 1}
    account.batches = [batch("failed", "k1", raw_lines=2), batch("published", "k1", raw_lines=2, rows=2)]
    assert account.is_settled


def test_a_sending_is_done_when_what_is_not_published_waits_for_people():
    account = Account({"s-0": [1, 2, 3]})
    account.add_receipt(receipt(1, 2, lines=2))
    account.add_receipt(receipt(3, 3, lines=1, raw_key="k2"))
    account.batches = [
        batch("quarantined", "k1", raw_lines=2, quarantined=2),
        batch("published", "k2", raw_lines=1, rows=1),
    ]
    outcome = account.outcome()
    assert (account.is_settled, outcome.quarantined, outcome.unaccounted) == (True, 2, 0)
    assert outcome.sum_in_words() == "3 lines in = 1 rows + 0 duplicates + 0 rejects + 2 quarantined"
    account.batches[0] = batch("released", "k1", raw_lines=2)
    assert not account.is_settled


def test_records_that_were_all_rejected_need_no_batch():
    account = Account({"s-0": [1]})
    account.add_receipt(receipt(1, 1, lines=0, raw_key=None, invalid_json=1))
    assert account.is_settled
    assert account.outcome().rejects_by_reason == {"invalid_json": 1}


def test_the_sum_is_spelled_out():
    account = Account({"s-0": list(range(1, 11))})
    account.add_receipt(receipt(1, 10, lines=9, invalid_json=1))
    account.batches = [
        batch("published", "k1", raw_lines=9, rows=6, repeated=2, rejected=1, rejects_by_reason={"total_mismatch": 1})
    ]
    outcome = account.outcome()
    assert outcome.sum_in_words() == "10 lines in = 6 rows + 2 duplicates + 2 rejects"
    assert outcome.unaccounted == 0
    assert outcome.rejects_by_reason == {"invalid_json": 1, "total_mismatch": 1}


def test_a_line_that_came_out_nowhere_is_seen():
    account = Account({"s-0": [1, 2]})
    account.add_receipt(receipt(1, 2, lines=2))
    account.batches = [batch("published", "k1", raw_lines=2, rows=1)]
    assert account.outcome().unaccounted == 1
    assert account.outcome().sum_in_words() == "2 lines in ≠ 1 rows + 0 duplicates + 0 rejects"


def test_lines_of_others_in_the_same_batches_are_told_apart():
    account = Account({"s-0": [2]})
    account.add_receipt(receipt(1, 3, lines=3))
    account.batches = [batch("published", "k1", "k9", raw_lines=5, rows=5)]
    outcome = account.outcome()
    assert (outcome.not_of_this_sending, outcome.unaccounted) == (4, 0)
    assert outcome.sum_in_words() == "1 lines in + 4 of others or read again = 5 rows + 0 duplicates + 0 rejects"


def test_a_raw_object_that_two_batches_held_counts_its_second_reading():
    account = Account({"s-0": [1]})
    account.add_receipt(receipt(1, 1, lines=1))
    account.batches = [
        batch("published", "k1", raw_lines=1, rows=1),
        batch("published", "k1", raw_lines=1, redelivered=1),
    ]
    assert (account.outcome().rows, account.outcome().duplicates, account.outcome().unaccounted) == (1, 1, 0)


def test_what_is_missing_names_the_command_that_tells_more():
    account = Account({"s-0": [1, 2]})
    assert account.missing().startswith("2 of 2 records were not read by ingestion. Run `etl logs ingestion`")
    account.add_receipt(receipt(1, 2, lines=2))
    assert "1 of 1 raw objects are in no committed batch; no batch has them" in account.missing()
    account.batches = [batch("running", "k1", raw_lines=2)]
    assert "batch b-1 is under way" in account.missing()
    account.batches = [batch("committed", "k1", raw_lines=2, rows=2)]
    assert "the rows of 1 raw objects are committed, but not published" in account.missing()
    assert account.open_keys(VISIBLE) == set()
    assert account.open_keys(PUBLISHED) == {"k1"}


def test_polling_ends_when_it_is_so_or_time_is_out():
    clock = iter(range(100))
    pauses = []
    assert poll(lambda: len(pauses) == 2, 60, lambda: next(clock), pauses.append)
    assert not poll(lambda: False, 3, lambda: next(clock), pauses.append)


def test_a_failed_execution_is_told_with_error_and_cause():
    execution = {"name": "b-1", "status": "FAILED", "error": "States.TaskFailed", "cause": "it\n broke"}
    assert failure_in_words(execution).startswith("batch b-1 failed: States.TaskFailed: it broke (reconciliation")
    told = failure_in_words(execution | {"error": "Quarantined"})
    assert told.endswith("(it waits for a decision: `etl quarantine show b-1`)")


def test_dates_are_those_of_utc_days_both_included():
    since, now = datetime(2026, 11, 21, 23, 58, tzinfo=UTC), datetime(2026, 11, 23, 0, 1, tzinfo=UTC)
    assert dates_since(since, now) == ["2026-11-21", "2026-11-22", "2026-11-23"]
