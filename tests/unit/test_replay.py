"""Sending rejects again: what goes to the stream, what the ledger says of it, and what an interruption leaves."""

import json
from datetime import UTC, datetime

import pytest

from cli.rejects.fate_log import DOCUMENT_FATES, discard_all
from cli.rejects.fix import Fix
from cli.rejects.judging import Judge, Verdict
from cli.rejects.replay import Forecast, Replayed, send_judged
from contracts.contract import load_contracts
from contracts.errors import PipelineError
from lake import documents
from lake.put_records import Backoff
from lake.rejects import Reason
from lambdas.ingestion.decode import Decoder

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DECODER = Decoder(load_contracts())


def event(number, **changes):
    data = {
        "user_id": "u-1", "name": "Jane", "email": "j@example.com", "country": "IE", "plan": "pro",
        "has_marketing_consent": True,
    }  # fmt: skip
    attributes = {"specversion": "1.0", "id": f"e-{number}", "source": "/shop", "type": "sign_up"}
    return json.dumps(attributes | {"time": "2026-11-22T11:00:00Z", "data": data} | changes).encode()


class FakeStream:
    """PutRecords; `interrupt` raises before or after the records of a call are taken, `refuse` throttles an id."""

    def __init__(self, interrupt=None, refuse=()):
        self.interrupt, self.refuse = interrupt, refuse
        self.taken, self.calls = [], 0

    def put(self, entries):
        self.calls += 1
        if self.interrupt == ("before", self.calls):
            raise KeyboardInterrupt
        results = [self._answer(entry.data) for entry in entries]
        if self.interrupt == ("after", self.calls):
            raise KeyboardInterrupt
        return results

    def _answer(self, data):
        if any(name.encode() in data for name in self.refuse):
            return {"ErrorCode": "ProvisionedThroughputExceededException"}
        self.taken.append(data)
        return {"ShardId": "shardId-1", "SequenceNumber": str(len(self.taken))}

    def ids(self):
        return [json.loads(data)["id"] for data in self.taken]


def replay(zone, stream, fix=None, send_refused=False, because=""):
    """One run of the command's sending; how far it said it was."""
    judge = Judge(DECODER, NOON, "ingest", Fix("mend.py", fix) if fix else None)
    replayed = Replayed(stream="ingest", log=zone.log(), because=because, fix_name="mend.py")
    shown = []
    judgements, backoff = judge.judged(zone.found().open()), Backoff(lambda seconds: None, lambda: 1.0)
    send_judged(judgements, send_refused, stream.put, backoff, replayed, shown.append)
    return replayed, shown


def store(zone, *originals, reason=Reason.UNKNOWN_EVENT_TYPE):
    rejects = [zone.reject(number, original, reason) for number, original in enumerate(originals, start=1)]
    zone.put(*rejects)
    return [reject.reject_id for reject in rejects]


def test_what_would_be_accepted_is_sent_and_recorded_with_its_place(error_zone):
    one, two = store(error_zone, event(1), event(2))
    stream = FakeStream()
    replayed, shown = replay(error_zone, stream, because="the contract is there now")
    assert (stream.ids(), shown) == (["e-1", "e-2"], [2])
    (document,) = error_zone.fate_keys()
    first, second = documents.read_reject_fates(error_zone.s3, error_zone.processed)
    assert (first.reject_id, first.fate, first.decided_by, first.because) == (
        one, "replayed", "ops", "the contract is there now",
    )  # fmt: skip
    assert (second.reject_id, second.stream, second.shard, second.sequence) == (two, "ingest", "shardId-1", "2")
    assert replayed.log.counts == {"replayed": 2}
    assert document.startswith("ledger/reject_fates/fate_date=2026-11-22/")


def test_repeating_a_replay_sends_nothing(error_zone):
    store(error_zone, event(1))
    replay(error_zone, FakeStream())
    again = FakeStream()
    replay(error_zone, again)
    assert (again.calls, error_zone.open_ids(), len(error_zone.fate_keys())) == (0, [], 1)


def test_what_would_be_refused_again_stays_open_unless_all_are_sent(error_zone):
    _, broken = store(error_zone, event(1), b"{broken")
    stream = FakeStream()
    replay(error_zone, stream)
    assert (stream.taken, error_zone.open_ids()) == ([event(1)], [broken])
    replay(error_zone, stream, send_refused=True)
    assert (stream.taken[1:], error_zone.open_ids()) == ([b"{broken"], [])


def test_a_fix_decides_what_is_fixed_replayed_discarded_or_left_open(error_zone):
    unchanged, renamed, dropped, failing = store(
        error_zone, event(1), event(2, type="sign_in"), event(3, type="test"), event(4, type="fail")
    )

    def fix(record, reject):
        if b'"test"' in record:
            return None
        assert b'"fail"' not in record
        return record.replace(b"sign_in", b"sign_up")

    stream = FakeStream()
    replay(error_zone, stream, fix, because="why")
    assert stream.ids() == ["e-1", "e-2"]
    assert error_zone.fates() == sorted(
        [(unchanged, "replayed", "1"), (renamed, "fixed", "2"), (dropped, "discarded", None)]
    )
    because = {f.fate: f.because for f in documents.read_reject_fates(error_zone.s3, error_zone.processed)}
    assert because == {"replayed": "why", "fixed": "why; fix mend.py", "discarded": "why; fix mend.py"}
    assert error_zone.open_ids() == [failing]


def test_a_fix_that_discards_everything_sends_nothing_and_records_it_in_portions(error_zone):
    store(error_zone, *(event(number) for number in range(DOCUMENT_FATES + 1)))
    stream = FakeStream()
    replay(error_zone, stream, lambda record, reject: None)
    assert (stream.calls, error_zone.open_ids(), len(error_zone.fate_keys())) == (0, [], 2)


def test_an_indeterminate_fix_sends_nothing(error_zone):
    (open_id,) = store(error_zone, event(1))
    turns, stream = iter("ab"), FakeStream()
    with pytest.raises(PipelineError, match="two different things"):
        replay(error_zone, stream, lambda record, reject: record + next(turns).encode())
    assert (stream.calls, error_zone.open_ids()) == (0, [open_id])


@pytest.mark.parametrize(
    ("interrupt", "open_then", "sent_twice"),
    [(("before", 1), 600, 0), (("after", 1), 600, 500), (("before", 2), 100, 0), (("after", 2), 100, 100)],
)
def test_a_replay_goes_on_where_it_was_interrupted(error_zone, interrupt, open_then, sent_twice):
    store(error_zone, *(event(number) for number in range(600)))
    stream = FakeStream(interrupt)
    with pytest.raises(KeyboardInterrupt):
        replay(error_zone, stream)
    assert len(error_zone.open_ids()) == open_then
    stream.interrupt = None
    replay(error_zone, stream)
    assert error_zone.open_ids() == []
    # Only what was taken without an answer goes twice, with the same bytes: the same identity, a duplicate.
    assert (len(set(stream.taken)), len(stream.taken)) == (600, 600 + sent_twice)


def test_the_fates_of_a_request_are_in_the_ledger_before_the_next_one_goes_out(error_zone):
    store(error_zone, *(event(number) for number in range(600)))
    stream, recorded = FakeStream(), []
    put = stream.put
    stream.put = lambda entries: recorded.append(len(error_zone.fates())) or put(entries)
    replay(error_zone, stream)
    assert recorded == [0, 500]


def test_a_crash_between_sending_and_recording_sends_the_same_bytes_again(error_zone):
    store(error_zone, event(1))
    stream = FakeStream()
    replay(error_zone, stream)
    (key,) = error_zone.fate_keys()
    error_zone.s3.delete_object(Bucket=error_zone.processed, Key=key)
    replay(error_zone, stream)
    assert stream.taken == [event(1), event(1)]
    assert error_zone.open_ids() == []


def test_of_a_request_that_is_taken_in_part_that_part_is_recorded(error_zone):
    one, two, three = store(error_zone, event(1), event(2), event(3))
    stream = FakeStream(refuse=["e-2"])
    with pytest.raises(PipelineError, match=f"did not take 1 records in 10 .* the first of them reject {two}"):
        replay(error_zone, stream)
    assert error_zone.fates() == sorted([(one, "replayed", "1"), (three, "replayed", "2")])
    stream.refuse = ()
    replay(error_zone, stream)
    assert (stream.ids(), error_zone.open_ids()) == (["e-1", "e-3", "e-2"], [])


def test_what_is_refused_again_while_all_are_sent_is_not_sent_in_the_same_run(error_zone):
    store(error_zone, b"{broken")
    stream = FakeStream()

    def put(entries):
        error_zone.put(error_zone.reject(99, b"{broken"), name="again")
        return FakeStream.put(stream, entries)

    stream.put = put
    replay(error_zone, stream, send_refused=True)
    assert (stream.calls, len(error_zone.open_ids())) == (1, 1)


def test_the_forecast_counts_verdicts_and_keeps_samples_of_refusals(error_zone):
    store(error_zone, event(1), event(2, type="sign_in"), b"{broken", b"{also broken")
    forecast = Forecast(samples_wanted=1)
    fix = Fix("mend.py", lambda record, reject: record.replace(b"sign_in", b"sign_up"))
    for judgement in Judge(DECODER, NOON, "ingest", fix).judged(error_zone.found().open()):
        forecast.add(judgement)
    assert forecast.totals == {Verdict.ACCEPTED: 2, Verdict.REFUSED: 2}
    assert forecast.changed == {("ingestion", "unknown_event_type", "-"): 1}
    assert (forecast.refusals, len(forecast.samples)) == ({"invalid_json": 2}, 1)
    assert (forecast.sent(send_refused=False), forecast.sent(send_refused=True)) == (2, 4)


def test_discarding_records_why_in_portions(error_zone):
    store(error_zone, *(b"{" for _ in range(DOCUMENT_FATES + 1)))
    shown = []
    discard_all(error_zone.found().open(), "a load test", error_zone.log(), shown.append)
    assert (error_zone.open_ids(), len(error_zone.fate_keys()), shown) == ([], 2, [DOCUMENT_FATES])
    fates = list(documents.read_reject_fates(error_zone.s3, error_zone.processed))
    assert {(fate.fate, fate.because, fate.sequence) for fate in fates} == {("discarded", "a load test", None)}
