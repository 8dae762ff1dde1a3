"""The function on a real table: what is sent, what is noted, what is counted."""

from dataclasses import replace
from decimal import Decimal

import pytest

from contracts.contract import load_contracts
from contracts.errors import PipelineError
from lake.catalog import BATCH_ID
from lake.documents import read_json, write_batch_record, write_json
from lake.ledger import BatchRecord
from lambdas.publisher import app, publish
from tests.unit.fake_stream import FakeStream, not_there, refusing


class Time:
    """What Lambda tells of the time that is left."""

    def __init__(self, *left_ms):
        self.left_ms = list(left_ms) or [900_000]

    def get_remaining_time_in_millis(self):
        return self.left_ms.pop(0) if len(self.left_ms) > 1 else self.left_ms[0]


@pytest.fixture
def stream(lake, monkeypatch):
    settings = {"STAGING_BUCKET": lake.staging, "PROCESSED_BUCKET": lake.processed, "DATABASE": lake.database}
    for name, value in {**settings, "TABLE": "events", "DOWNSTREAM_STREAM": "downstream"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Tributary")
    monkeypatch.setattr(app, "sleep", lambda seconds: None)
    forget()
    fake = FakeStream()
    fake.attach(app.kinesis())
    yield fake
    forget()


def forget():
    for remembered in (app.settings, app.s3, app.kinesis):
        remembered.cache_clear()


def refund(lake, event_id, batch_id="b-1", **changes):
    data = {"user_id": "u-1", "refund_id": "r-1", "order_id": "o-1", "product_id": "p-1", "currency": "EUR"}
    amount = {"amount": Decimal("12.30"), "reason": "late"}
    return lake.row(event_id, event_type="refund", refund=data | amount | changes)


def commit(lake, rows, batch_id="b-1"):
    files = lake.write(batch_id, rows)
    table = lake.table()
    table.add_files([file["uri"] for file in files], snapshot_properties={BATCH_ID: batch_id})
    by_type = {}
    for file in files:
        by_type[file["event_type"]] = by_type.get(file["event_type"], 0) + file["rows"]
    leave_commit(lake, str(table.current_snapshot().snapshot_id), by_type, batch_id)
    return sorted(file["uri"] for file in files)


def leave_commit(lake, snapshot_id, rows_by_type, batch_id="b-1"):
    document = {"batch_id": batch_id, "snapshot_id": snapshot_id, "rows_by_type": rows_by_type}
    write_json(lake.s3, lake.staging, f"batches/{batch_id}/commit.json", document)


def call(time=None, **event):
    return app.handler({"batch_id": "b-1", **event}, time or Time())


def run(**event):
    """The calls of the state machine: again and again, each share by itself, until all is published."""
    answer = call(**event)
    while not answer["is_published"]:
        for share in answer["shares"]:
            app.handler(share, Time())
        answer = call()
    return answer


def published(lake):
    return read_json(lake.s3, lake.staging, "batches/b-1/publish.json")


def checkpoints(lake):
    keys = [key for key in lake.keys(lake.staging) if key.count("/publication/") and key.startswith("batches/b-1/")]
    return [read_json(lake.s3, lake.staging, key) for key in sorted(keys)]


def expire_snapshots(lake):
    """A later snapshot is all that the table keeps, and a rewrite has moved the rows to other files."""
    table = lake.table()
    rows = table.scan().to_arrow()
    table.overwrite(rows)
    table = lake.table()
    old = [s.snapshot_id for s in table.metadata.snapshots if s.snapshot_id != table.current_snapshot().snapshot_id]
    table.maintenance.expire_snapshots().by_ids(old).commit()


def test_every_row_of_the_batch_is_sent_and_none_of_another(lake, stream):
    commit(lake, [refund(lake, "e-0")], batch_id="b-0")
    commit(lake, [refund(lake, "e-1"), refund(lake, "e-2"), lake.row("e-3", event_type="sign_up")])
    commit(lake, [refund(lake, "e-4")], batch_id="b-2")
    assert call()["published"] == 3
    assert [(key, event["id"], event["type"]) for (key, _), event in zip(stream.taken, stream.events, strict=True)] == [
        ("e-1", "e-1", "refund"),
        ("e-2", "e-2", "refund"),
        ("e-3", "e-3", "sign_up"),
    ]


def test_an_event_goes_downstream_with_its_data_and_position(lake, stream):
    commit(lake, [refund(lake, "e-1")])
    call()
    (event,) = stream.events
    assert (event["batchid"], event["ingestposition"]) == ("b-1", "ingest/shard/e-1/0")
    assert (event["time"], event["data"]["amount"]) == ("2026-11-22T12:00:00.000000Z", 12.3)


def test_files_of_few_rows_go_in_one_request_and_are_noted_each(lake, stream):
    commit(lake, [refund(lake, "e-1"), refund(lake, "e-2"), lake.row("e-3", event_type="sign_up")])
    answer = call()
    counts = {"batch_id": "b-1", "rows": 3, "published": 3, "switched_off": 0, "publish_failures": 0}
    assert answer == counts | {"deleted_unsent": 0, "is_published": True, "shares": []}
    assert published(lake) == counts | {"deleted_unsent": 0, "unsent_events": []}
    assert stream.requests == [3]
    assert [(c["part"], c["rows_done"], c["is_done"]) for c in checkpoints(lake)] == [(0, 2, True), (1, 1, True)]


def test_a_published_batch_sends_nothing_again(lake, stream):
    commit(lake, [refund(lake, "e-1")])
    for _ in range(2):
        assert call()["published"] == 1
    assert len(stream.taken) == 1


def test_a_batch_without_rows_is_published_at_once(lake, stream):
    leave_commit(lake, None, {})
    assert call()["is_published"]
    assert (published(lake)["rows"], stream.requests) == (0, [])


def test_a_large_batch_is_cut_into_shares_that_are_sent_side_by_side(lake, stream, monkeypatch):
    monkeypatch.setenv("ROWS_PER_SHARE", "2")
    commit(lake, [refund(lake, f"r-{n}") for n in range(3)] + [lake.row(f"p-{n}") for n in range(2)])
    answer = call()
    calls = [{"batch_id": "b-1", "parts": [part], "again": False} for part in (0, 1)]
    assert answer == {"batch_id": "b-1", "is_published": False, "shares": calls}
    for share in reversed(calls):
        app.handler(share, Time())
    assert call()["published"] == 5
    assert sorted(stream.ids) == ["p-0", "p-1", "r-0", "r-1", "r-2"]


def test_a_call_that_runs_out_of_time_says_what_is_left_and_the_next_goes_on(lake, stream, monkeypatch):
    monkeypatch.setattr(publish, "ROWS_IN_FLIGHT", 2)
    monkeypatch.setattr("lambdas.publisher.rows.ROWS_AT_ONCE", 2)
    commit(lake, [refund(lake, f"e-{n}") for n in range(5)])
    answer = call(Time(61_000, 59_999))
    assert (answer["is_published"], answer["shares"][0]["parts"], stream.ids) == (
        False,
        [0],
        ["e-0", "e-1", "e-2", "e-3"],
    )
    assert checkpoints(lake)[0]["rows_done"] == 4
    assert run()["published"] == 5
    assert stream.ids == [f"e-{n}" for n in range(5)]


def test_rows_of_a_type_that_is_switched_off_are_counted_and_not_sent(lake, stream, monkeypatch):
    known = load_contracts()
    off = replace(known["refund"], document=known["refund"].document | {"x-publish": False})
    monkeypatch.setattr(app, "contracts", lambda: known | {"refund": off})
    commit(lake, [refund(lake, "e-1"), refund(lake, "e-2"), lake.row("e-3", event_type="sign_up")])
    answer = call()
    assert (answer["published"], answer["switched_off"], stream.ids) == (1, 2, ["e-3"])


def test_rows_of_a_type_without_a_contract_are_not_sent_before_somebody_decides(lake, stream, monkeypatch):
    commit(lake, [refund(lake, "e-1")])
    known = load_contracts()
    monkeypatch.setattr(app, "contracts", lambda: {name: c for name, c in known.items() if name != "refund"})
    with pytest.raises(PipelineError, match="there are rows of type 'refund' and no contract of it"):
        call()
    assert stream.taken == []


def test_a_row_too_large_for_the_stream_goes_as_a_pointer_to_its_data(lake, stream):
    commit(lake, [refund(lake, "e-1", comment="x" * 1_100_000), refund(lake, "e-2")])
    assert call()["published"] == 2
    pointer, plain = sorted(stream.events, key=lambda event: event["id"])
    assert "data" not in pointer and "dataref" not in plain
    assert {pointer[name] for name in ("id", "source", "type", "time")} == {
        "e-1", "/shop", "refund", "2026-11-22T12:00:00.000000Z",
    }  # fmt: skip
    bucket, _, key = pointer["dataref"].removeprefix("s3://").partition("/")
    assert (bucket, key.startswith("downstream/b-1/")) == (lake.processed, True)
    assert read_json(lake.s3, bucket, key) == plain["data"] | {"comment": "x" * 1_100_000}


def test_a_row_that_not_even_a_pointer_fits_is_a_failure_and_stops_nobody(lake, stream):
    commit(lake, [{**refund(lake, "e-1"), "source": "/" + "s" * 1_100_000}, refund(lake, "e-2")])
    answer = call()
    assert (answer["published"], answer["publish_failures"], stream.ids) == (1, 1, ["e-2"])
    (unsent,) = published(lake)["unsent_events"]
    assert (unsent["event_id"], unsent["reason"], len(unsent["source"])) == ("e-1", "too_large", 256)


def test_a_row_that_the_stream_never_takes_is_a_failure_and_stops_nobody(lake, stream):
    stream.faults = [refusing("e-2")]
    commit(lake, [refund(lake, f"e-{n}") for n in range(4)])
    answer = call()
    assert (answer["published"], answer["publish_failures"]) == (3, 1)
    assert published(lake)["unsent_events"] == [{"source": "/shop", "event_id": "e-2", "reason": "refused"}]


def test_a_failure_is_sent_again_when_asked_for_alone(lake, stream):
    stream.faults = [refusing("e-2")]
    commit(lake, [refund(lake, f"e-{n}") for n in range(4)])
    call()
    stream.faults = []
    assert call()["publish_failures"] == 1
    answer = run(again=True)
    assert (answer["published"], answer["publish_failures"]) == (4, 0)
    assert (stream.ids[3:], published(lake)["unsent_events"]) == (["e-2"], [])


def test_failures_of_a_large_batch_are_sent_again_by_the_shares(lake, stream, monkeypatch):
    monkeypatch.setenv("ROWS_PER_SHARE", "2")
    stream.faults = [refusing("r-1", "p-1")]
    commit(lake, [refund(lake, f"r-{n}") for n in range(2)] + [lake.row(f"p-{n}") for n in range(2)])
    assert run()["publish_failures"] == 2
    stream.faults = []
    assert run(again=True)["publish_failures"] == 0
    assert sorted(stream.ids) == ["p-0", "p-1", "r-0", "r-1"]


def test_a_stream_that_is_not_there_fails_the_call_and_no_row(lake, stream):
    stream.faults = [not_there]
    commit(lake, [refund(lake, "e-1")])
    with pytest.raises(Exception, match="Stream downstream not found"):
        call()
    assert checkpoints(lake) == []


def test_a_stream_without_room_fails_the_call_and_no_row(lake, stream):
    stream.faults = [refusing("e-1", "e-2", code="ProvisionedThroughputExceededException")]
    commit(lake, [refund(lake, f"e-{n}") for n in range(4)])
    message = "2 of 4 records were not taken in 10 attempts: ProvisionedThroughputExceededException; expected all"
    with pytest.raises(PipelineError, match=message):
        call()
    assert checkpoints(lake) == []


def test_a_batch_that_is_not_committed_is_not_published(lake, stream):
    with pytest.raises(PipelineError, match="batch b-1 is not committed; expected its commit document or its record"):
        call()


def test_rows_are_published_as_committed_while_the_snapshot_is_there(lake, stream):
    commit(lake, [refund(lake, "e-1"), refund(lake, "e-2")])
    lake.table().delete("event_id = 'e-2'")
    assert call()["published"] == 2


def test_after_its_snapshot_has_expired_the_rows_are_found_by_their_batch(lake, stream):
    commit(lake, [refund(lake, "e-1"), refund(lake, "e-2"), lake.row("e-3", event_type="sign_up")])
    commit(lake, [refund(lake, "e-4")], batch_id="b-2")
    expire_snapshots(lake)
    answer = call()
    assert (answer["published"], answer["rows"]) == (3, 3)
    assert sorted(stream.ids) == ["e-1", "e-2", "e-3"]


def test_rows_deleted_before_they_were_sent_are_counted(lake, stream):
    commit(lake, [refund(lake, "e-1"), refund(lake, "e-2")])
    lake.table().delete("event_id = 'e-2'")
    expire_snapshots(lake)
    answer = call()
    assert (answer["published"], answer["deleted_unsent"], stream.ids) == (1, 1, ["e-1"])


def test_a_publication_goes_on_from_the_table_where_its_snapshot_expires_half_way(lake, stream, monkeypatch):
    monkeypatch.setattr(publish, "ROWS_IN_FLIGHT", 1)
    monkeypatch.setattr("lambdas.publisher.rows.ROWS_AT_ONCE", 1)
    commit(lake, [refund(lake, f"e-{n}") for n in range(3)])
    assert not call(Time(1))["is_published"]
    expire_snapshots(lake)
    assert run()["published"] == 3
    assert sorted(set(stream.ids)) == ["e-0", "e-1", "e-2"]


def test_a_complete_publication_is_left_alone_when_its_snapshot_expires(lake, stream):
    commit(lake, [refund(lake, "e-1")])
    call()
    expire_snapshots(lake)
    assert (call()["published"], len(stream.taken)) == (1, 1)


def test_once_what_the_commit_left_has_expired_the_ledger_is_asked(lake, stream):
    commit(lake, [refund(lake, "e-1")])
    found = read_json(lake.s3, lake.staging, "batches/b-1/commit.json")
    lake.s3.delete_object(Bucket=lake.staging, Key="batches/b-1/commit.json")
    record = BatchRecord(
        batch_id="b-1", batch_date="2026-11-01", status="committed", started_at="", recorded_at="", attempt=1,
        raw_objects=[], raw_lines=1, rows=1, rows_by_type={"refund": 1}, snapshot_id=found["snapshot_id"],
    )  # fmt: skip
    write_batch_record(lake.s3, lake.processed, record)
    assert call()["published"] == 1


def test_a_share_of_a_batch_without_a_plan_is_refused(lake, stream):
    with pytest.raises(PipelineError, match="batch b-1 has no plan of its publication; expected one"):
        call(parts=[0])
