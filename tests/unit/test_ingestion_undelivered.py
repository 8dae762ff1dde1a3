"""What the event source mapping gave up: every record is accounted for, and none of them twice."""

import base64
import gzip
import json
from contextlib import suppress

import pytest

from lake.documents import keys_below, read_receipts
from lake.ledger import balance
from lambdas.ingestion import app
from tests.unit.test_ingestion import SHARD, delivery, event, keys, stored

DOCUMENT_KEY = "aws/lambda/mapping/shardId-000000000000/2026/11/22/2026-11-22T23.59.59-a b"
NOTICE = {"detail": {"bucket": {"name": "error"}, "object": {"key": DOCUMENT_KEY.replace(" ", "+")}}}


def give_up(zones, batch):
    document = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "payload": json.dumps(batch)}
    zones.put_object(Bucket="error", Key=DOCUMENT_KEY, Body=json.dumps(document))
    app.undelivered(NOTICE, None)


def rejects(zones):
    keys = [entry["Key"] for entry in keys_below(zones, "error", "rejects/")]
    return [json.loads(line) for key in keys for line in gzip.decompress(stored(zones, "error", key)).splitlines()]


def ledger(zones):
    return balance(read_receipts(zones, "processed"), [])


def cut_off(zones, monkeypatch, batch, written):
    """The function stores as many objects and then hears nothing but refusals."""
    left, write = iter(range(written)), zones.put_object

    def put_object(**request):
        if next(left, None) is None:
            raise ConnectionError
        return write(**request)

    with monkeypatch.context() as patch:
        patch.setattr(app.s3(), "put_object", put_object)
        with suppress(ConnectionError):
            app.handler(batch, None)


def test_records_that_never_were_stored_become_rejects_that_can_be_replayed(zones):
    give_up(zones, delivery(event("e-1"), b"\xff"))
    assert keys_of_reason(zones) == ["undelivered"]
    first, second = rejects(zones)
    assert [base64.b64decode(r["original_base64"]) for r in (first, second)] == [event("e-1"), b"\xff"]
    assert first["found"] == "a record that ingestion could not store: RetryAttemptsExhausted"
    assert (first["sequence"], second["sequence"], first["event_type"]) == ("101", "102", None)
    assert (ledger(zones).records, ledger(zones).events, ledger(zones).rejects_by_reason) == (2, 2, {"undelivered": 2})
    assert ledger(zones).is_balanced


def keys_of_reason(zones):
    return sorted({entry["Key"].split("reason=")[1].split("/")[0] for entry in keys_below(zones, "error", "rejects/")})


def test_a_notice_that_comes_again_changes_nothing(zones):
    give_up(zones, delivery(event("e-1"), event("e-2")))
    before = rejects(zones), ledger(zones)
    app.undelivered(NOTICE, None)
    assert (rejects(zones), ledger(zones)) == before


@pytest.mark.parametrize("written", [0, 1, 2, 3])
def test_a_delivery_that_was_stored_in_part_is_lines_or_rejects_but_never_both(zones, monkeypatch, written):
    batch = delivery(event("e-1"), b"oops")
    cut_off(zones, monkeypatch, batch, written)
    give_up(zones, batch)
    is_raw = written >= 2  # after the reject
    assert len(keys(zones, "raw")) == is_raw
    told = {"invalid_json": 1} if is_raw else {"undelivered": 2}
    assert (ledger(zones).raw_lines, ledger(zones).rejects_by_reason) == (int(is_raw), told)
    assert ledger(zones).is_balanced
    # The event that was refused before the delivery died is not the record that was given up: each can be replayed.
    assert len({reject["reject_id"] for reject in rejects(zones)}) == {0: 2, 1: 3}.get(written, 1)


def test_only_what_no_delivery_holds_becomes_a_reject(zones, monkeypatch):
    batch = delivery(event("e-1"), event("e-2"), event("e-3"), event("e-4"))
    cut_off(zones, monkeypatch, {"Records": batch["Records"][:2]}, written=1)
    app.handler({"Records": batch["Records"][3:]}, None)
    give_up(zones, batch)
    assert [reject["sequence"] for reject in rejects(zones)] == ["103"]
    sums = ledger(zones)
    assert (sums.records, sums.raw_lines, sums.rejects_by_reason, sums.is_balanced) == (4, 3, {"undelivered": 1}, True)


def test_deliveries_of_other_shards_hold_nothing_of_this_one(zones):
    batch = delivery(event("e-1"))
    other = json.loads(json.dumps(batch).replace(SHARD, "shardId-000000000001"))
    app.handler(other, None)
    give_up(zones, batch)
    assert len(rejects(zones)) == 1


def test_a_delivery_that_began_the_day_before_is_found(zones):
    batch = delivery(event("e-1"), event("e-2"))
    batch["Records"][1]["kinesis"]["approximateArrivalTimestamp"] += 60
    app.handler(batch, None)
    give_up(zones, {"Records": batch["Records"][1:]})
    assert rejects(zones) == []
