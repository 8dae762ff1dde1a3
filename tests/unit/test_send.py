"""Sending: lines to records, records to requests, refused ones again."""

import gzip
import io
import json

import pytest

from cli.sending.delivery import Sent, send_all
from cli.sending.lines import LineReader, Record, Wrapper, whole_file
from cli.sending.send import estimated, opened, reader_for
from contracts.errors import PipelineError
from lake.put_records import MAX_RECORD_BYTES, MAX_REQUEST_BYTES, Backoff, portions

EDIT = b'{"time":"2015-09-12T00:46:58.771Z","page":"K\xc3\xb8benhavn","delta":12345678901234567890.10}'


def wrapper(**options):
    return Wrapper("edits.json", event_type="edit", source="/wiki", time_field="time", **options)


def records(reader, *lines):
    return list(reader.records(lines))


class FakeStream:
    """PutRecords that refuses what it is told to, as often as it is told to."""

    def __init__(self, refuse=None):
        self.refuse = dict(refuse or {})
        self.calls, self.taken = [], []

    def put(self, entries):
        self.calls.append(len(entries))
        return [self._answer(entry.data) for entry in entries]

    def _answer(self, data):
        if self.refuse.get(data, 0):
            self.refuse[data] -= 1
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"}
        self.taken.append(data)
        return {"ShardId": "shard-0", "SequenceNumber": str(len(self.taken))}


def deliver(stream, items):
    sent, pauses = Sent(), []
    done = list(send_all(items, stream.put, Backoff(pauses.append, lambda: 1.0), sent))
    return sent, done, pauses


def test_lines_go_untouched_whether_they_are_sound_or_not():
    lines = [b'{"id": "e-1",  "x": 1}\n', b"\xff broken\n", b'{"id":7}']
    sent = records(LineReader("shop.ndjson"), *lines)
    assert [r.data for r in sent] == [b'{"id": "e-1",  "x": 1}', b"\xff broken", b'{"id":7}']
    assert sent[0].partition_key == "e-1"
    assert len(sent[1].partition_key) == len(sent[2].partition_key) == 32


def test_blank_lines_are_passed_over_and_counted():
    reader = LineReader("shop.ndjson")
    assert [r.origin for r in records(reader, b"\n", b"{}\n", b"  \r\n")] == ["shop.ndjson line 2"]
    assert reader.blank == 2


def test_a_wrapped_line_is_a_cloudevent_whose_data_is_the_line():
    (record,) = records(wrapper(), EDIT + b"\r\n")
    event = json.loads(record.data)
    assert record.data.endswith(b',"data":' + EDIT + b"}")
    assert {name: event[name] for name in ("specversion", "source", "type", "time")} == {
        "specversion": "1.0", "source": "/wiki", "type": "edit", "time": "2015-09-12T00:46:58.771Z",
    }  # fmt: skip


def test_ids_come_from_the_line_and_its_occurrence_and_repeat_on_a_second_send():
    lines = [EDIT, b'{"time":"2015-09-12T00:00:00Z"}', EDIT]
    first = [json.loads(r.data)["id"] for r in records(wrapper(), *lines)]
    second = [json.loads(r.data)["id"] for r in records(wrapper(), *lines)]
    assert first == second
    assert first[0].removesuffix("-1") == first[2].removesuffix("-2")
    assert len(set(first)) == 3


def test_ids_come_from_the_id_field_where_there_is_one():
    (record,) = records(wrapper(id_field="rev"), b'{"time":"2015-09-12T00:00:00Z","rev":42}')
    assert (json.loads(record.data)["id"], record.partition_key) == ("42", "42")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{broken", "edits.json line 2 is no JSON"),
        (b"[1]", "edits.json line 2 is a JSON list; expected one JSON object a line"),
        (b'{"date":"x"}', "edits.json line 2: field 'time' is missing.*Its fields are date: name another with --time"),
        (b'{"time":17}', "edits.json line 2: field 'time' holds 17; expected a text"),
    ],
)
def test_a_line_that_cannot_be_wrapped_is_named(line, says):
    with pytest.raises(PipelineError, match=says):
        records(wrapper(), EDIT, line)


def test_a_record_past_the_limit_is_named():
    with pytest.raises(PipelineError, match=r"big line 1 has 1,048,609 bytes .* takes 1,048,576 at most"):
        records(LineReader("big"), b"x" * (MAX_RECORD_BYTES + 1))
    with pytest.raises(PipelineError, match=r"empty\.bin is empty"):
        whole_file("empty.bin", b"")


def test_requests_hold_500_records_or_five_megabytes():
    small = [Record(b"x", "k", "") for _ in range(1001)]
    assert [len(request) for request in portions(small)] == [500, 500, 1]
    large = [Record(b"x" * 1_000_000, "k", "") for _ in range(7)]
    assert [len(request) for request in portions(large)] == [4, 3]
    assert 5 * large[0].size_bytes > MAX_REQUEST_BYTES


def test_refused_records_alone_are_sent_again_after_growing_pauses():
    stream = FakeStream(refuse={b"b": 2})
    sent, done, pauses = deliver(stream, [Record(data, "k", "") for data in (b"a", b"b", b"c")])
    assert stream.calls == [3, 1, 1]
    assert (sorted(stream.taken), sent.sequences, done) == ([b"a", b"b", b"c"], {"shard-0": [1, 2, 3]}, [3])
    assert pauses == [0.1, 0.2]


def test_a_record_that_is_never_taken_is_named():
    stream = FakeStream(refuse={b"b": 99})
    with pytest.raises(PipelineError, match=r"did not take 1 records in 10 attempts .* the first of them x line 2"):
        deliver(stream, [Record(b"a", "k", "x line 1"), Record(b"b", "k", "x line 2")])


def test_what_was_sent_before_a_bad_line_is_told():
    lines = [EDIT] * 600 + [b"oops"]
    with pytest.raises(PipelineError, match=r"line 601 is no JSON.* 500 records before it were sent\."):
        deliver(FakeStream(), wrapper().records(lines))


def test_wrapping_needs_all_its_options():
    assert type(reader_for("f", "", "", "", "")) is LineReader
    assert type(reader_for("f", "edit", "/wiki", "time", "")) is Wrapper
    with pytest.raises(PipelineError, match="--source, --time-field missing"):
        reader_for("f", "edit", "", "", "")


def test_gzip_is_told_by_its_bytes_not_by_its_name(tmp_path):
    (tmp_path / "plain").write_bytes(gzip.compress(b"a\nb\n"))
    with opened(str(tmp_path / "plain")) as (lines, position, size):
        assert list(lines) == [b"a\n", b"b\n"]
        assert position() == size


def test_a_file_that_is_not_there_is_named(tmp_path):
    with (
        pytest.raises(PipelineError, match=r"nowhere\.ndjson cannot be read: No such file"),
        opened(str(tmp_path / "nowhere.ndjson")),
    ):
        pass


def test_standard_input_is_read_where_the_file_is_a_dash(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"a\n"))))
    with opened("-") as (lines, _, size):
        assert (list(lines), size) == ([b"a\n"], None)


def test_how_many_records_there_will_be_is_told_by_the_part_that_was_read():
    assert estimated(500, 1000, 4000) == 2000
    assert estimated(500, 0, 4000) is None
