"""A batch whose data fails: kept back whole, left alone, and released once, wherever a step dies."""

from dataclasses import asdict

import pytest

from lake.documents import read_json
from lake.ledger import balance
from lake.quarantine import Release

pytestmark = pytest.mark.slow
ITEM = {"product_id": "tea", "name": "Tea", "quantity": 2, "unit_price": 10, "line_total": 20}
PURCHASE = {"user_id": "anna", "session_id": "s", "order_id": "o", "items": [ITEM], "shipping": 0, "tax": 0}
PURCHASE |= {"total": 20, "currency": "EUR", "payment_method": "paypal"}
REFUND = {"user_id": "anna", "refund_id": "r", "order_id": "o", "product_id": "tea", "currency": "EUR"}
REFUND |= {"reason": "damaged", "amount": 20.01}
PAID, PAID_BACK = ("e-1", "purchase", PURCHASE, 5), ("e-2", "refund", REFUND, 4)
# A line that becomes a reject is kept back with the others.
REFUSED = ("e-3", "purchase", PURCHASE | {"total": 21}, 3)


@pytest.fixture
def faulty(pipeline):
    """A batch with a refund of more than was paid, not run yet."""
    return {"batch_id": "b-1", "objects": [pipeline.deliver(100, PAID, PAID_BACK, REFUSED)]}


def record(pipeline, batch_id="b-1"):
    return next(b for b in pipeline.batches() if b.batch_id == batch_id)


def lines(pipeline):
    found = balance([], pipeline.batches())
    assert found.is_balanced
    return found.batched_lines, found.rows, found.duplicates, found.transform_rejects, found.quarantined


def release(pipeline, accepted, batch_id="b-1"):
    """What `etl quarantine release` starts the state machine with."""
    kept_back = record(pipeline, batch_id)
    decision = Release(batch_id, kept_back.batch_date, accepted, "a gift", "arn:anna", "2026-11-22T12:00:00.000000Z")
    objects = [{"bucket": "raw", **entry} for entry in kept_back.raw_objects]
    return {"batch_id": f"{batch_id}-r", "objects": objects, "attempt": 1, "release": asdict(decision)}


def ids(pipeline):
    return [row["event_id"] for row in pipeline.rows()]


def test_a_batch_is_kept_back_later_batches_go_on_and_a_release_commits_what_is_not_there_yet(pipeline, faulty):
    pipeline.run(faulty)
    kept_back = record(pipeline)
    assert (kept_back.status, kept_back.quarantined, kept_back.rows, kept_back.rejected) == ("quarantined", 3, 0, 0)
    assert kept_back.failed_expectations == ["refund.not_above_purchase"]
    assert (ids(pipeline), lines(pipeline)) == ([], (3, 0, 0, 0, 3))
    assert pipeline.reconcile_until_done() == []

    pipeline.run({"batch_id": "b-2", "objects": [pipeline.deliver(200, PAID)]})
    assert (ids(pipeline), pipeline.drain(), lines(pipeline)) == (["e-1"], ["e-1"], (4, 1, 0, 0, 3))

    pipeline.run(release(pipeline, ["refund.not_above_purchase"]))
    assert (ids(pipeline), pipeline.drain(), lines(pipeline)) == (["e-1", "e-2"], ["e-2"], (4, 2, 1, 1, 0))
    old, new = record(pipeline), record(pipeline, "b-1-r")
    assert (old.status, old.decisions[0]["released_as"], old.decisions[0]["because"]) == ("released", "b-1-r", "a gift")
    assert (new.status, new.release["batch_id"]) == ("published", "b-1")
    assert pipeline.reconcile_until_done() == []


def test_a_release_that_accepts_nothing_is_kept_back_again_and_can_be_released_itself(pipeline, faulty):
    pipeline.run(faulty)
    pipeline.run(release(pipeline, []))
    assert {b.batch_id: b.status for b in pipeline.batches()} == {"b-1": "released", "b-1-r": "quarantined"}
    assert (ids(pipeline), lines(pipeline)) == ([], (3, 0, 0, 0, 3))
    # Dead before each write of the next release's manifest: it still waits, or it runs as that release.
    before, deaths = pipeline.checkpoint(), 0
    batch = release(pipeline, ["refund.not_above_purchase"], "b-1-r")
    while pipeline.step_until_killed(batch, "Write the manifest", deaths + 1):
        deaths += 1
        pipeline.reconcile_until_done()
        if record(pipeline, "b-1-r").status == "quarantined":
            assert (deaths in (1, 2), ids(pipeline), lines(pipeline)) == (True, [], (3, 0, 0, 0, 3))
        else:
            assert (deaths in (3, 4), ids(pipeline), lines(pipeline)) == (True, ["e-1", "e-2"], (3, 2, 0, 1, 0))
        pipeline.go_back(before)
    assert deaths == 4


def test_a_batch_killed_on_its_way_into_quarantine_ends_there_once(pipeline, faulty):
    for name in ("Write the manifest", "Transform the raw events", "Enrich the staged events"):
        pipeline.steps[name](faulty)
    before, deaths = pipeline.checkpoint(), 0
    while pipeline.run_until_killed(faulty, "Validate the data files", deaths + 1):
        deaths += 1
        pipeline.reconcile_until_done()
        assert sorted(b.status for b in pipeline.batches()) == ["failed", "quarantined"], deaths
        assert (ids(pipeline), lines(pipeline)) == ([], (3, 0, 0, 0, 3)), deaths
        pipeline.go_back(before)
    # The report, the results, what people decide by, the step's document, the ledger.
    assert deaths == 5
    (key,) = pipeline.lake.keys("error", f"/{record(pipeline).batch_id}.json")
    kept_back = read_json(pipeline.lake.s3, "error", key)
    assert [(c["event_type"], c["rows"]) for c in kept_back["counts"]] == [("purchase", 1), ("refund", 1)]
