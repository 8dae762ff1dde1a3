"""`etl publish`: which batches are sent again, and what is said of it."""

import pytest

from cli.downstream import publish
from contracts.errors import PipelineError
from lake.ledger import BatchRecord
from lambdas.reconciliation.names import republish_suffix


def batch(batch_id, status, **counts):
    return BatchRecord(batch_id, "2026-11-22", status, "", "", 1, [], 4, rows=4, **counts)


COMMITTED, SENT = batch("b-1", "committed"), batch("b-2", "published", published=4)
REFUSED = batch("b-3", "published", published=3, publish_failures=1)
OTHERS = [batch("b-4", "running"), batch("b-5", "failed")]


def test_batches_that_are_committed_or_have_failures_are_sent_unless_somebody_is_at_it():
    every = [COMMITTED, SENT, REFUSED, *OTHERS]
    assert publish.chosen(every, set()) == ["b-1", "b-3"]
    assert publish.chosen(every, {"b-1"}) == ["b-3"]
    assert publish.chosen(every, {f"republish-20261122T120000{republish_suffix('b-3')}"}) == ["b-1"]


@pytest.mark.parametrize(
    ("found", "executing", "message"),
    [
        (None, set(), "the ledger has no batch b-0; `etl status --json` lists the batches"),
        (batch("b-0", "failed"), set(), "batch b-0 is failed; expected committed rows"),
        (batch("b-0", "committed"), {"b-0"}, "batch b-0 is under way; expected none that works on it"),
        (batch("b-0", "published", published=4), set(), "batch b-0 is published, all 4 rows; there is nothing to send"),
    ],
)
def test_a_batch_of_which_nothing_can_be_sent_is_refused(found, executing, message):
    with pytest.raises(PipelineError, match=message):
        publish.require_unpublished("b-0", found, executing)


def test_a_batch_or_all_of_them_must_be_named():
    for batch_id, is_all in (("", False), ("b-1", True)):
        with pytest.raises(PipelineError, match="name either --batch ID or --all-unpublished"):
            publish.run(None, batch_id, is_all, 1)


def test_what_became_of_each_batch_is_told():
    sound = publish.outcome(batch("b-1", "published", published=4), {"status": "SUCCEEDED"})
    left = publish.outcome(REFUSED, {"status": "SUCCEEDED"})
    broken = publish.outcome(COMMITTED, {"status": "FAILED", "name": "republish-1", "error": "E", "cause": "no room"})
    assert publish.in_words([sound, left]).splitlines() == [
        "batch b-1: 4 of 4 rows published",
        "batch b-3: 3 of 4 rows published, 1 cannot be sent (`etl logs publisher` says why)",
    ]
    assert publish.in_words([broken]).startswith("batch republish-1 failed: E: no room")
    assert [publish.is_sound([o]) for o in (sound, left, broken)] == [True, False, False]
    assert publish.in_words([]) == "Nothing to send: every committed batch is published."
