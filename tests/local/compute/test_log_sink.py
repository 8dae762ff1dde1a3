"""Lines reach CloudWatch Logs in order and in batches that it accepts."""

from local.log_sink import LogPipe, LogSink, batches_of


class FakeLogs:
    """CloudWatch Logs as far as a sink uses it."""

    def __init__(self):
        self.made, self.calls = [], []

    def create_log_group(self, **names):
        self.made.append(names)

    create_log_stream = create_log_group

    def put_log_events(self, logEvents, **names):
        self.calls.append([event["message"] for event in logEvents])


def test_lines_are_written_in_order_and_groups_and_streams_made_once():
    logs = FakeLogs()
    sink = LogSink(logs)
    stream = sink.stream("group", "stream")
    for number in range(100):
        stream.write(str(number))
    stream.flush()
    stream.write("last")
    sink.stop()
    assert [line for call in logs.calls for line in call] == [*map(str, range(100)), "last"]
    assert logs.made == [{"logGroupName": "group"}, {"logGroupName": "group", "logStreamName": "stream"}]


def test_marks_stand_after_what_was_printed_before_them():
    logs = FakeLogs()
    sink = LogSink(logs)
    pipe = LogPipe(sink.stream("group", "stream"))
    pipe.mark("printed")
    pipe.mark("mark")
    pipe.close()
    pipe.mark("after the end")
    sink.stop()
    assert [line for call in logs.calls for line in call] == ["printed", "mark", "after the end"]


def test_batches_keep_to_the_limits_of_the_service():
    small = [{"message": "x"}] * 10_001
    assert [len(batch) for batch in batches_of(small)] == [10_000, 1]
    large = [{"message": "x" * 250_000}] * 5
    assert [len(batch) for batch in batches_of(large)] == [3, 2]
