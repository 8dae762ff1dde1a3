"""Kinesis to Lambda as AWS documents it: batches, failures, bisection, retries, on-failure destinations."""

import base64
import io
import json
import re
import threading
import zipfile

import pytest
from werkzeug.wrappers import Response

from local import pollers
from local.pollers import stream_shard
from local.pollers.batches import Limits, backoff_seconds, due_count, fitting_count
from local.pollers.discovery import changes
from local.pollers.on_failure import LastAnswer, failure_document, failure_key
from local.pollers.settings import UnsupportedSetting
from local.pollers.stream_failures import Attempt, after_failure, first_failed, without_expired
from local.pollers.stream_mapping import startable_shards
from local.pollers.stream_records import ShardSource, WaitingRecord, lambda_event, waiting_record
from local.pollers.stream_settings import stream_settings

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/ingest"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ingestion"
ROLE = "arn:aws:iam::123456789012:role/ingestion"
SHARD = "shardId-000000000000"
MAPPING = {"UUID": "m-1", "EventSourceArn": STREAM, "FunctionArn": FUNCTION, "State": "Enabled"}


def waiting(*sequences, arrived_at=1000.0):
    return [WaitingRecord(str(s), arrived_at, b"{}") for s in sequences]


def sequences(attempts):
    return [[record.sequence for record in attempt.records] for attempt in attempts]


class TestWhenABatchIsDue:
    limits = Limits(max_count=3, max_bytes=100, window_seconds=5)

    def test_a_full_batch_is_due_at_once(self):
        assert due_count([1, 1, 1, 1], opened_at=0, now=0, limits=self.limits) == 3

    def test_a_small_batch_waits_for_its_window(self):
        assert due_count([1, 1], opened_at=10, now=14.9, limits=self.limits) == 0
        assert due_count([1, 1], opened_at=10, now=15, limits=self.limits) == 2

    def test_without_a_window_whatever_waits_is_due(self):
        assert due_count([1], opened_at=10, now=10, limits=Limits(3, 100, 0)) == 1

    def test_nothing_is_never_due(self):
        assert due_count([], opened_at=0, now=99, limits=self.limits) == 0

    def test_the_payload_limit_cuts_the_batch_and_makes_it_due(self):
        assert due_count([60, 60], opened_at=0, now=0, limits=self.limits) == 1

    def test_an_oversized_item_goes_alone(self):
        assert fitting_count([500, 1], self.limits) == 1

    def test_commas_and_envelope_count(self):
        assert fitting_count([47, 49], self.limits) == 2
        assert fitting_count([48, 49], self.limits) == 1

    def test_backoff_doubles_up_to_its_limit(self):
        assert [backoff_seconds(n) for n in (1, 2, 3, 99)] == [0.1, 0.2, 0.4, 5.0]


class TestWhatAnAnswerMeans:
    records = waiting(10, 11, 12)

    @pytest.mark.parametrize("payload", [b"", b"null", b"{}", b'{"batchItemFailures": []}',
                                         b'{"batchItemFailures": null}'])  # fmt: skip
    def test_empty_answers_are_success(self, payload):
        assert first_failed(payload, self.records) is None

    def test_the_lowest_failed_sequence_counts(self):
        payload = b'{"batchItemFailures": [{"itemIdentifier": "12"}, {"itemIdentifier": "11"}]}'
        assert first_failed(payload, self.records) == 1

    @pytest.mark.parametrize("identifier", ['"99"', '""', "null"])
    def test_an_unknown_identifier_fails_the_whole_batch(self, identifier):
        payload = b'{"batchItemFailures": [{"itemIdentifier": %s}]}' % identifier.encode()
        assert first_failed(payload, self.records) == 0

    def test_a_failure_without_identifier_fails_the_whole_batch(self):
        assert first_failed(b'{"batchItemFailures": [{"id": "11"}]}', self.records) == 0

    @pytest.mark.parametrize("failures", ['"11"', "[[]]", '[{"itemIdentifier": ["11"]}]', '{"a": 1}'])
    def test_malformed_failures_fail_the_whole_batch(self, failures):
        assert first_failed(b'{"batchItemFailures": %s}' % failures.encode(), self.records) == 0


class TestWhatIsTriedNext:
    def settings(self, **changes):
        return stream_settings({**MAPPING, **changes})

    def test_without_limit_the_batch_is_tried_for_ever(self):
        steps = after_failure(Attempt(waiting(1, 2), retries=500), 0, self.settings())
        assert sequences(steps.attempts) == [["1", "2"]] and steps.attempts[0].retries == 501

    def test_after_the_last_retry_the_batch_is_given_up(self):
        steps = after_failure(Attempt(waiting(1, 2), retries=2, invokes=2), 0, self.settings(MaximumRetryAttempts=2))
        assert steps.attempts == [] and sequences([steps.given_up]) == [["1", "2"]]
        assert steps.given_up.invokes == 3

    def test_no_retries_gives_up_at_once(self):
        assert after_failure(Attempt(waiting(1)), 0, self.settings(MaximumRetryAttempts=0)).given_up

    def test_bisection_makes_halves_and_costs_no_retry(self):
        settings = self.settings(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
        steps = after_failure(Attempt(waiting(1, 2, 3)), 0, settings)
        assert sequences(steps.attempts) == [["1", "2"], ["3"]]
        assert {a.retries for a in steps.attempts} == {0}

    def test_a_single_record_cannot_be_bisected(self):
        settings = self.settings(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
        assert after_failure(Attempt(waiting(1)), 0, settings).given_up

    def test_a_partial_failure_retries_from_the_failed_record(self):
        steps = after_failure(Attempt(waiting(1, 2, 3)), 1, self.settings(MaximumRetryAttempts=2))
        assert sequences(steps.attempts) == [["2", "3"]] and steps.attempts[0].retries == 1

    def test_with_bisection_the_cut_is_at_the_failed_record(self):
        settings = self.settings(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
        assert sequences(after_failure(Attempt(waiting(1, 2, 3)), 1, settings).attempts) == [["2", "3"]]

    def test_expired_records_are_cut_off(self):
        attempt = Attempt(waiting(1, arrived_at=0) + waiting(2, arrived_at=100))
        expired, live = without_expired(attempt, now=101, max_age_seconds=60)
        assert sequences([expired, live]) == [["1"], ["2"]]
        assert without_expired(attempt, now=1e9, max_age_seconds=None)[1] == attempt


def test_the_event_has_the_shape_of_aws():
    record = {
        "Data": base64.b64encode(b"hello").decode(),
        "PartitionKey": "p",
        "SequenceNumber": "7",
        "ApproximateArrivalTimestamp": 1545084650.987,
    }
    one = waiting_record(record, ShardSource(STREAM, SHARD, ROLE))
    assert json.loads(lambda_event([one])) == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "p",
                    "sequenceNumber": "7",
                    "data": base64.b64encode(b"hello").decode(),
                    "approximateArrivalTimestamp": 1545084650.987,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{SHARD}:7",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": ROLE,
                "awsRegion": "eu-west-1",
                "eventSourceARN": STREAM,
            }
        ]
    }


def test_the_failure_document_points_at_the_records():
    attempt = Attempt(waiting(5, 6, arrived_at=1573691884.835), invokes=3)
    answer = LastAnswer("request", "$LATEST", "Unhandled")
    document = failure_document(
        attempt, "RetryAttemptsExhausted", answer, stream_settings(MAPPING),
        ShardSource(STREAM, SHARD, ROLE), at=1573691886.021,
    )  # fmt: skip
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["requestContext"]["approximateInvokeCount"] == 3
    assert document["responseContext"]["functionError"] == "Unhandled"
    assert document["timestamp"] == "2019-11-14T00:38:06.021Z"
    assert document["KinesisBatchInfo"] == {
        "shardId": SHARD, "startSequenceNumber": "5", "endSequenceNumber": "6", "batchSize": 2,
        "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
        "approximateArrivalOfLastRecord": "2019-11-14T00:38:04.835Z", "streamArn": STREAM,
    }  # fmt: skip
    assert failure_key("m-1", SHARD, 1573691886.021, "u") == (
        f"aws/lambda/m-1/{SHARD}/2019/11/14/2019-11-14T00.38.06-u"
    )


@pytest.mark.parametrize("setting", [{"ParallelizationFactor": 10}, {"TumblingWindowInSeconds": 30},
                                     {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}])  # fmt: skip
def test_a_setting_that_is_not_obeyed_is_refused_by_name(setting):
    with pytest.raises(UnsupportedSetting, match=next(iter(setting))):
        stream_settings({**MAPPING, **setting})


def test_child_shards_wait_for_their_parents():
    shards = [{"ShardId": "a"}, {"ShardId": "b", "ParentShardId": "a"}]
    assert startable_shards(shards, set(), set()) == ["a"]
    assert startable_shards(shards, {"a"}, set()) == []
    assert startable_shards(shards, {"a"}, {"a"}) == ["b"]


def test_only_what_changed_is_restarted():
    running = {("pipe", "a"): {"x": 1}, ("pipe", "b"): {"x": 1}, ("pipe", "c"): {"x": 1}}
    deployed = {("pipe", "a"): {"x": 1}, ("pipe", "b"): {"x": 2}, ("pipe", "d"): {"x": 1}}
    stop, start = changes(running, deployed)
    assert stop == [("pipe", "b"), ("pipe", "c")] and start == [("pipe", "b"), ("pipe", "d")]


class FakeFunction:
    """Answers Invoke in the test itself: fails on records that hold `poison`, keeps what it saw."""

    def __init__(self, front):
        self.batches, self.lock, self.answer = [], threading.Lock(), None
        front.route(lambda r: re.fullmatch(r"/2015-03-31/functions/.+/invocations", r.path), self.invoke)

    def invoke(self, request):
        event = json.loads(request.get_data())
        data = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
        with self.lock:
            self.batches.append(data)
        if self.answer:
            return Response(json.dumps(self.answer(event["Records"], data)))
        if "poison" in data:
            return Response('{"errorMessage": "poison"}', 200, {"X-Amz-Function-Error": "Unhandled"})
        return Response("null")

    @property
    def records(self):
        return [record for batch in self.batches for record in batch]


def deploy(front, shards=1, **settings):
    """A stream, a function and a mapping between them."""
    role = front.client("iam").create_role(RoleName="ingestion", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    front.client("kinesis").create_stream(StreamName="ingest", ShardCount=shards)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    front.client("lambda").create_function(
        FunctionName="ingestion", Role=role, Code={"ZipFile": code.getvalue()}, Runtime="python3.13",
        Handler="app.handler",
    )  # fmt: skip
    settings = {"BatchSize": 100, "StartingPosition": "TRIM_HORIZON", **settings}
    return front.client("lambda").create_event_source_mapping(
        EventSourceArn=STREAM, FunctionName="ingestion", **settings
    )["UUID"]


def put(front, *data):
    records = [{"Data": d.encode(), "PartitionKey": d} for d in data]
    front.client("kinesis").put_records(StreamName="ingest", Records=records)


@pytest.fixture
def running(front):
    poller = pollers.start(front)
    yield poller
    poller.stop()


def test_records_of_all_shards_arrive_once(front, running, eventually):
    function = FakeFunction(front)
    deploy(front, shards=2)
    sent = [f"record-{n}" for n in range(300)]
    put(front, *sent)
    eventually(lambda: len(function.records) >= 300)
    put(front, "late")
    eventually(lambda: "late" in function.records)
    assert sorted(function.records) == sorted([*sent, "late"])
    assert max(map(len, function.batches)) <= 100


def test_a_poison_record_is_isolated_and_kept_in_s3(front, running, eventually):
    function = FakeFunction(front)
    bucket = {"LocationConstraint": "eu-west-1"}
    front.client("s3").create_bucket(Bucket="failures", CreateBucketConfiguration=bucket)
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::failures"}}
    mapping = deploy(front, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, DestinationConfig=destination)
    put(front, "a", "b", "poison", "c", "d")
    keys = eventually(lambda: front.client("s3").list_objects_v2(Bucket="failures").get("Contents"))
    assert keys[0]["Key"].startswith(f"aws/lambda/{mapping}/{SHARD}/")
    body = json.loads(front.client("s3").get_object(Bucket="failures", Key=keys[0]["Key"])["Body"].read())
    assert body["KinesisBatchInfo"]["batchSize"] == 1
    payload = json.loads(body["payload"])
    assert base64.b64decode(payload["Records"][0]["kinesis"]["data"]) == b"poison"
    eventually(lambda: {"a", "b", "c", "d"} <= {b for batch in function.batches if "poison" not in batch
                                               for b in batch})  # fmt: skip


def test_only_the_records_from_the_reported_one_come_again(front, running, eventually):
    function, failed = FakeFunction(front), []

    def answer(records, data):
        if "b" in data and not failed:
            failed.append("b")
            return {"batchItemFailures": [{"itemIdentifier": records[data.index("b")]["kinesis"]["sequenceNumber"]}]}
        return {"batchItemFailures": []}

    function.answer = answer
    deploy(front, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumBatchingWindowInSeconds=1)
    put(front, "a", "b", "c")
    eventually(lambda: len(function.batches) == 2)
    assert function.batches == [["a", "b", "c"], ["b", "c"]]


def test_a_disabled_mapping_delivers_nothing_and_goes_on_when_enabled(front, running, eventually):
    function = FakeFunction(front)
    mapping = deploy(front, Enabled=False)
    put(front, "a")
    assert not function.batches
    front.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
    eventually(lambda: function.records == ["a"])


def test_a_changed_mapping_goes_on_where_it_stopped(front, running, eventually):
    function = FakeFunction(front)
    mapping = deploy(front)
    put(front, "a")
    eventually(lambda: function.records == ["a"])
    front.client("lambda").update_event_source_mapping(UUID=mapping, BatchSize=50)
    eventually(lambda: any(s.get("BatchSize") == 50 for s in running._seen.values()))
    put(front, "b")
    eventually(lambda: function.records == ["a", "b"])


def test_an_error_of_the_poller_itself_loses_no_record(front, running, eventually, monkeypatch):
    function, wrong = FakeFunction(front), [ValueError("wrong")]
    original = stream_shard.first_failed

    def first_failed_once_wrong(*arguments):
        if wrong:
            raise wrong.pop()
        return original(*arguments)

    monkeypatch.setattr(stream_shard, "first_failed", first_failed_once_wrong)
    deploy(front, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumBatchingWindowInSeconds=1)
    put(front, "a", "b")
    eventually(lambda: function.batches == [["a", "b"], ["a", "b"]])
