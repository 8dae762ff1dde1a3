"""The dry run: what would become of a reject, by ingestion's own rules and by a fix."""

import json
from datetime import UTC, datetime

import pytest

from cli.rejects.fix import Fix, load_fix
from cli.rejects.judging import Judge, Verdict
from contracts.contract import load_contracts
from contracts.errors import PipelineError
from lake.positions import Position
from lake.put_records import MAX_RECORD_BYTES
from lake.stored_rejects import StoredReject
from lambdas.ingestion.decode import Decoder
from lambdas.ingestion.delivery import read_delivery

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DECODER = Decoder(load_contracts())
SIGN_UP = {
    "user_id": "u-1", "name": "Jane", "email": "j@example.com", "country": "IE", "plan": "pro",
    "has_marketing_consent": True,
}  # fmt: skip
EVENT = {
    "specversion": "1.0", "id": "e-1", "source": "/shop", "type": "sign_up", "time": "2026-11-22T11:00:00Z",
    "data": SIGN_UP,
}  # fmt: skip
SOUND = json.dumps(EVENT).encode()
RENAMED = json.dumps(EVENT | {"data": {("mail" if k == "email" else k): v for k, v in SIGN_UP.items()}}).encode()


def reject(original, stage="ingestion", reason="invalid_data", reject_id="0" * 32):
    place = Position("ingest", "shardId-0", "7", 0, NOON)
    return StoredReject(
        reject_id, stage, reason, "2026-11-22", "sign_up", "found", "expected", "next", place, None, original
    )


def judge(stored, function=None, now=NOON):
    return Judge(DECODER, now, "ingest", Fix("f.py", function) if function else None).judge(stored)


def raw_line(event):
    attributes = {name: value for name, value in event.items() if name != "data"}
    return json.dumps({"position": {}, "event": attributes, "data": {event["type"]: event["data"]}}).encode()


def rename(event, stored):
    return event.replace(b'"mail"', b'"email"')


def test_a_record_that_ingestion_accepts_now_would_be_accepted():
    judged = judge(reject(SOUND, reason="unknown_event_type"))
    assert (judged.verdict, judged.is_changed, judged.events, judged.refusals) == (Verdict.ACCEPTED, False, 1, ())
    assert (judged.record.data, judged.record.partition_key) == (SOUND, "e-1")


def test_a_record_that_is_still_broken_would_be_refused_and_says_why():
    judged = judge(reject(RENAMED))
    (refusal,) = judged.refusals
    assert (judged.verdict, refusal.reason) == (Verdict.REFUSED, "invalid_data")
    assert "email" in refusal.expected


def test_time_bounds_go_by_now_not_by_the_first_arrival():
    ahead = json.dumps(EVENT | {"time": "2026-11-25T00:00:00Z"}).encode()
    assert judge(reject(ahead)).refusals[0].reason == "time_out_of_range"
    assert judge(reject(ahead), now=datetime(2026, 11, 25, tzinfo=UTC)).verdict is Verdict.ACCEPTED


def test_a_fix_is_judged_by_what_it_makes():
    judged = judge(reject(RENAMED), rename)
    assert (judged.verdict, judged.is_changed, json.loads(judged.record.data)) == (Verdict.ACCEPTED, True, EVENT)
    assert not judge(reject(SOUND), rename).is_changed


def test_a_fix_that_returns_none_discards():
    judged = judge(reject(RENAMED), lambda event, stored: None)
    assert (judged.verdict, judged.record) == (Verdict.DISCARDED, None)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda event, stored: json.loads(event)["nope"], "raised KeyError: 'nope'"),
        (lambda event, stored: "text", "returned str"),
    ],
)
def test_a_fix_that_fails_leaves_the_reject_open_and_says_why(function, says):
    judged = judge(reject(RENAMED), function)
    assert (judged.verdict, judged.record, judged.refusals[0].found) == (Verdict.FIX_FAILED, None, says)


def test_a_fix_that_is_not_deterministic_stops_everything():
    ids = iter(range(9))
    with pytest.raises(PipelineError, match=r"f\.py made two different things of reject 0{32} in two calls"):
        judge(reject(SOUND), lambda event, stored: event.replace(b"e-1", b"e-%d" % next(ids)))
    turns = iter([None, 1 / 3])
    with pytest.raises(PipelineError, match="two different things"):
        judge(reject(SOUND), lambda event, stored: next(turns) and b"")


def test_what_kinesis_would_not_take_is_not_sendable():
    big = judge(reject(b"x" * (MAX_RECORD_BYTES + 1), reason="too_large"))
    assert (big.verdict, big.record) == (Verdict.NOT_SENDABLE, None)
    assert "Kinesis takes 1,048,576 at most" in big.refusals[0].found
    assert judge(reject(SOUND), lambda event, stored: b"").verdict is Verdict.NOT_SENDABLE


def test_a_line_of_the_transform_goes_back_as_an_event_once_a_fix_changed_it():
    stored = reject(raw_line(EVENT), stage="transform", reason="total_mismatch")
    same = judge(stored)
    assert (same.verdict, same.refusals[0].reason) == (Verdict.REFUSED, "total_mismatch")
    assert "add --all" in same.refusals[0].found
    assert json.loads(same.record.data) == EVENT
    changed = judge(stored, lambda event, _: event.replace(b"Jane", b"Joan"))
    assert (changed.verdict, changed.is_changed) == (Verdict.ACCEPTED, True)


def test_a_raw_line_that_ingestion_wrote_is_accepted_as_the_event_it_was():
    place = Position("ingest", "shardId-0", "7", 0, NOON)
    (line,) = read_delivery([(SOUND, place)], DECODER).raw.lines
    event = reject(line, stage="transform", reason="untypable").event()
    assert json.loads(event) == EVENT
    assert read_delivery([(event, place)], DECODER).raw.lines == [line]


def test_a_record_of_several_events_is_worth_sending_for_one_of_them():
    batch = judge(reject(b"[" + SOUND + b"," + RENAMED + b"]", reason="undelivered"))
    assert (batch.verdict, batch.events, [r.reason for r in batch.refusals]) == (
        Verdict.ACCEPTED, 1, ["invalid_data"],
    )  # fmt: skip
    assert batch.record.data == b"[" + SOUND + b"," + RENAMED + b"]"
    assert judge(reject(b"[" + RENAMED + b"]", reason="undelivered")).verdict is Verdict.REFUSED


def write(tmp_path, text):
    path = tmp_path / "mend.py"
    path.write_text(text)
    return path


def test_a_fix_is_a_file_with_one_function(tmp_path):
    fix = load_fix(write(tmp_path, "def fix(event, reject):\n    return event + reject.reason.encode()\n"))
    assert fix(b"x-", reject(b"")) == b"x-invalid_data"
    assert fix.name.startswith("mend.py sha256:")
    assert [path.name for path in tmp_path.iterdir()] == ["mend.py"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def mend(event): ...", r"mend\.py has no function `fix`; expected `def fix\(event: bytes, reject\)"),
        ("fix = 7", "has no function `fix`"),
        ("import nowhere_to_be_found", r"mend\.py cannot be loaded: ModuleNotFoundError"),
        ("def fix(", r"mend\.py cannot be loaded: SyntaxError"),
    ],
)
def test_a_file_that_is_no_fix_is_refused(tmp_path, text, says):
    with pytest.raises(PipelineError, match=says):
        load_fix(write(tmp_path, text))


def test_a_fix_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PipelineError, match=r"nowhere\.py cannot be read: No such file"):
        load_fix(tmp_path / "nowhere.py")
