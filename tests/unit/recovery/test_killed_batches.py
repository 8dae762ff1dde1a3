"""A batch killed anywhere, then reconciliation: exactly the rows and the ledger of one clean run."""

import json
from pathlib import Path

import pytest

from lake.ledger import balance
from local.front import AwsError

pytestmark = pytest.mark.slow
STATE_MACHINE = Path(__file__).parents[3] / "infra/state_machines/process_batch.asl.json"
CART = {"user_id": "u", "session_id": "s", "cart_id": "c", "product_id": "p", "quantity": 1, "unit_price": 1.5}
CART |= {"currency": "EUR"}
EDIT = {"time": "2026-11-22T12:00:00.000000Z", "page": "Tea", "channel": "#en", "namespace": "Main", "user": "x"}
EDIT |= {"comment": "", "added": 1, "deleted": 0, "delta": 1}
EDIT |= dict.fromkeys(("isAnonymous", "isMinor", "isNew", "isRobot", "isUnpatrolled"), False)
STORED = [("e-0", "add_to_cart", CART, 5), ("e-9", "wikipedia_edit", EDIT, 5)]
FIRST = [("e-1", "add_to_cart", CART, 4), ("e-0", "add_to_cart", CART, 5), ("e-2", "wikipedia_edit", EDIT, 3)]
# A line that becomes a reject, one that came before, and one of two days ago.
SECOND = [("e-3", "add_to_cart", CART | {"quantity": 1.5}, 2), ("e-1", "add_to_cart", CART, 4)]
SECOND += [("e-4", "wikipedia_edit", EDIT, 2 * 24 * 60)]
LEDGER = {
    "batched_lines": 8,
    "rows": 5,
    "duplicates": 2,
    "transform_rejects": 1,
    "published": 5,
    "rejects_by_reason": {"untypable": 1},
}


def delivered(pipeline):
    """A batch that is stored already, and one to be run."""
    pipeline.run({"batch_id": "b-0", "objects": [pipeline.deliver(100, *STORED)]})
    pipeline.drain()
    return {"batch_id": "b-1", "objects": [pipeline.deliver(200, *FIRST), pipeline.deliver(300, *SECOND)]}


class Clean:
    """One run that nobody disturbs: where it stood before each step, how often each step writes, what it leaves."""

    def __init__(self, pipeline):
        self.batch, self.before, self.writes = delivered(pipeline), {}, {}
        for name, step in pipeline.steps.items():
            self.before[name] = pipeline.checkpoint()
            pipeline.killer.arm()
            step(self.batch)
            self.writes[name] = pipeline.killer.writes
        self.rows, self.sent = pipeline.rows(), pipeline.drain()

    def ways_to_die(self):
        return [(step, write) for step, writes in self.writes.items() for write in range(1, writes + 1)]


def ledger(pipeline):
    found = balance([], pipeline.batches())
    return {name: getattr(found, name) for name in LEDGER}


def test_a_batch_killed_before_any_of_its_writes_is_made_good_by_reconciliation(pipeline):
    clean = Clean(pipeline)
    assert ledger(pipeline) == LEDGER
    assert sorted(clean.sent) == ["e-1", "e-2", "e-4"]
    ways = clean.ways_to_die()
    assert {step for step, _ in ways} == set(pipeline.steps)
    for step, write in ways:
        where = f"{step}, write {write} of {clean.writes[step]}"
        pipeline.go_back(clean.before[step])
        assert pipeline.run_until_killed(clean.batch, step, write), where
        pipeline.reconcile_until_done()
        assert pipeline.rows() == clean.rows, where
        assert ledger(pipeline) == LEDGER, where
        # What was published is not published again only because the record of it was lost.
        assert set(pipeline.drain()) == (set() if step == "Record the publication" else set(clean.sent)), where


@pytest.fixture
def front(aws_front, monkeypatch):
    """The way to all services, which others share; routes that a test adds end with it."""
    monkeypatch.setattr(aws_front, "_routes", [*aws_front._routes])
    return aws_front


def test_a_job_that_dies_half_way_through_its_files_is_made_good_by_reconciliation(pipeline, front):
    batch, staged = delivered(pipeline), []
    pipeline.memory.is_on = False

    def dies(request):
        if len(staged) < 2:
            staged.append(request.path)
            return front.forward(request)
        raise AwsError("AccessDenied", "the job is gone", 403)

    front.route(lambda r: r.method == "PUT" and "/batches/b-1/staged/" in r.path and ".parquet" in r.path, dies)
    pipeline.run_as_the_state_machine_does(batch)
    assert [b.status for b in pipeline.batches()] == ["published", "failed"]
    assert len(pipeline.lake.keys("staging", ".parquet")) > 0
    assert pipeline.reconcile_until_done()[0] == {"StartBatch": 1}
    assert [(row["event_id"], row["event_type"]) for row in pipeline.rows()] == [
        ("e-0", "add_to_cart"),
        ("e-1", "add_to_cart"),
        ("e-2", "wikipedia_edit"),
        ("e-4", "wikipedia_edit"),
        ("e-9", "wikipedia_edit"),
    ]
    assert ledger(pipeline) == LEDGER


def test_the_steps_are_those_of_the_state_machine_in_its_order(pipeline):
    states = json.loads(STATE_MACHINE.read_text())["States"]
    name, found = "Write the manifest", []
    while states[name]["Type"] != "Succeed":
        found += [name] if states[name]["Type"] in ("Task", "Map") else []
        name = states[name].get("Next") or states[name]["Choices"][0]["Next"]
    assert list(pipeline.steps) == found
