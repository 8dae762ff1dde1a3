"""`etl status`: the ledger summed up."""

from cli.status import lag, print_status, summary, sums_in_words
from lake.ledger import BatchRecord, IngestionReceipt

TEN, ELEVEN = "2026-11-22T10:00:00.000000Z", "2026-11-22T10:00:11.500000Z"


def receipt(key, at, lines, **reasons):
    rejected = sum(reasons.values())
    return IngestionReceipt(
        "ingest", "s-0", "1", "9", at, at, lines + rejected, lines + rejected, lines, rejected, reasons, key
    )


def batch(status, key, lines, batch_id="0123456789abcdef", **counts):
    objects = [{"key": key, "version": None}]
    return BatchRecord(batch_id, "2026-11-22", status, TEN, ELEVEN, 1, objects, lines, **counts)


RECEIPTS = [receipt("k1", TEN, 8, invalid_json=2), receipt("k2", ELEVEN, 5)]
BATCHES = [batch("published", "k1", 8, rows=6, redelivered=1, repeated=1, published=6)]


def test_the_three_sums_are_spelled_out():
    document = summary(RECEIPTS, BATCHES)
    assert document["is_balanced"]
    assert sums_in_words(document) == [
        "15 events in 15 records read = 13 raw lines + 2 rejects",
        "8 raw lines in committed batches = 6 rows + 2 duplicates + 0 rejects",
        "6 rows of published batches = 6 published",
    ]


def test_rows_that_are_not_sent_are_in_the_sum():
    counts = {"rows": 6, "redelivered": 2, "published": 3, "switched_off": 2, "publish_failures": 1}
    document = summary(RECEIPTS, [batch("published", "k1", 8, **counts)])
    assert document["is_balanced"]
    expected = "6 rows of published batches = 3 published + 2 switched off + 1 publish failures"
    assert sums_in_words(document)[2] == expected


def test_a_row_that_was_not_sent_and_is_not_counted_shows():
    document = summary(RECEIPTS, [batch("published", "k1", 8, rows=6, redelivered=2, published=5)])
    assert not document["is_balanced"]
    assert sums_in_words(document)[2] == "6 rows of published batches ≠ 5 published"


def test_a_lost_line_shows():
    document = summary(RECEIPTS, [batch("published", "k1", 8, rows=5)])
    assert not document["is_balanced"]
    assert "8 raw lines in committed batches ≠ 5 rows" in sums_in_words(document)[1]


def test_lag_is_from_the_newest_line_in_the_table_to_the_newest_that_was_read():
    assert lag(RECEIPTS, BATCHES) == {"read_up_to": ELEVEN, "committed_up_to": TEN, "seconds": 11.5}
    assert summary(RECEIPTS, BATCHES)["lag"]["pending_lines"] == 5


def test_an_empty_ledger_balances():
    document = summary([], [])
    assert document["is_balanced"]
    assert document["lag"] == {"read_up_to": None, "committed_up_to": None, "seconds": None, "pending_lines": 0}


def test_a_batch_that_runs_has_no_duration_and_a_failed_one_its_cause():
    running, failed = summary([], [batch("running", "k1", 8), batch("failed", "k1", 8, error="E", cause="why")])[
        "batch_list"
    ]
    assert (running["seconds"], failed["seconds"]) == (None, 11.5)
    assert (failed["error"], failed["cause"]) == ("E", "why")


def test_the_tables_fit_into_80_columns_without_colour(capsys):
    failed = batch("failed", "k2", 5, error="States.TaskFailed", cause="[red]it broke[/red]")
    print_status(summary(RECEIPTS, [*BATCHES, failed]), last=10)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert "0123456789abc  published      8     6     2     0          6  11.5" in out
    assert "States.TaskFailed: [red]it broke[/red]" in out


def test_batches_that_wait_for_people_are_told_with_the_command_that_shows_them(capsys):
    kept_back = batch("quarantined", "k2", 5, batch_id="b-2", quarantined=5)
    document = summary(RECEIPTS, [*BATCHES, kept_back])
    assert (document["is_balanced"], document["lag"]["pending_lines"]) == (True, 0)
    assert document["quarantine"] == {"waiting": ["b-2"], "waiting_lines": 5}
    assert sums_in_words(document)[1].endswith("6 rows + 2 duplicates + 0 rejects + 5 quarantined")
    print_status(document, last=10)
    out = capsys.readouterr().out
    assert "1 batch waits for a decision, 5 lines" in out and "`etl quarantine show b-2` says why" in out


def test_a_batch_that_was_rejected_or_released_waits_for_nobody(capsys):
    decided = [batch("quarantine_rejected", "k2", 5, quarantined=5), batch("released", "k2", 5)]
    document = summary(RECEIPTS, [*BATCHES, *decided])
    assert (document["is_balanced"], document["quarantine"]["waiting"]) == (True, [])
    print_status(document, last=10)
    assert "wait" not in capsys.readouterr().out
