import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

from lake.positions import Position
from lake.rejects import Reason, Reject, Stage, reject_id

POSITION = Position("ingest", "shard", "1", 0, datetime(2026, 11, 22, 12, tzinfo=UTC))
REJECT = Reject(
    stage=Stage.INGESTION,
    reason=Reason.INVALID_JSON,
    position=POSITION,
    original=b"\xff oops",
    found="no JSON",
    expected="JSON",
    next_step="Mend it.",
)


def test_a_line_says_what_was_found_where_and_what_to_do():
    assert json.loads(REJECT.as_line()) == {
        "reject_id": REJECT.reject_id,
        "event_type": None,
        "found": "no JSON",
        "expected": "JSON",
        "next_step": "Mend it.",
        "stream": "ingest",
        "shard": "shard",
        "sequence": "1",
        "sub_sequence": 0,
        "arrival_time": "2026-11-22T12:00:00.000000Z",
        "batch_id": None,
        "original_base64": base64.b64encode(b"\xff oops").decode(),
    }


def test_the_id_depends_on_stage_and_position_only():
    assert REJECT.reject_id == replace(REJECT, reason=Reason.INVALID_UTF8, batch_id="b-2", original=b"").reject_id
    assert REJECT.reject_id != replace(REJECT, stage=Stage.TRANSFORM).reject_id
    assert REJECT.reject_id != replace(REJECT, position=POSITION._replace(sub_sequence=1)).reject_id


def test_what_was_never_delivered_is_the_whole_record_whose_first_event_has_an_id_of_its_own():
    undelivered = replace(REJECT, reason=Reason.UNDELIVERED)
    assert undelivered.reject_id == reject_id("ingestion", "ingest/shard/" + "1".zfill(56)) != REJECT.reject_id


def test_the_id_can_be_computed_by_any_engine():
    assert reject_id("ingestion", "a/b") == hashlib.sha256(b"ingestion\na/b").hexdigest()[:32]


def test_reasons_can_be_partitions():
    assert all(reason.replace("_", "").isalnum() and reason == reason.lower() for reason in Reason)
