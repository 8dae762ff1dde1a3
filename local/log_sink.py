"""What processes print goes to CloudWatch Logs, in order, in batches, by the public API."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

BATCH_SECONDS = 0.2
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
MAX_EVENTS = 10_000
MAX_BYTES = 1_000_000
MAX_MESSAGE = 250_000
EVENT_OVERHEAD = 26
TAIL_LINES = 200


class LogStream:
    """One log stream; lines are written by the sink's own thread."""

    def __init__(self, sink: "LogSink", group: str, name: str):
        self.group, self.name = group, name
        self.is_created = False
        self.waiting: list[dict] = []
        self._sink = sink

    def write(self, message: str, *, soon: bool = False) -> None:
        """Queue one line; `soon` means without waiting for more lines to go with it."""
        if message:
            event = {"timestamp": int(time.time() * 1000), "message": message[:MAX_MESSAGE]}
            self._sink.add(self, event, soon)

    def flush(self) -> None:
        """Return when every line written so far is in CloudWatch Logs."""
        self._sink.flush()


class LogSink:
    """The thread that hands lines of all streams to CloudWatch Logs."""

    def __init__(self, logs: Any):
        self._logs = logs
        self._changed = threading.Condition()
        self._filled: dict[LogStream, None] = {}
        self._is_urgent = self._is_stopping = self._is_writing = False
        self._thread = threading.Thread(target=self._write_forever, name="log-sink", daemon=True)
        self._thread.start()

    def stream(self, group: str, name: str) -> LogStream:
        """A stream of that group and name; both are created when its first line is written."""
        return LogStream(self, group, name)

    def add(self, stream: LogStream, event: dict, soon: bool) -> None:
        with self._changed:
            stream.waiting.append(event)
            self._filled[stream] = None
            self._is_urgent |= soon
            self._changed.notify_all()

    def flush(self) -> None:
        """Return when every line written so far is in CloudWatch Logs."""
        with self._changed:
            self._is_urgent = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._filled and not self._is_writing, timeout=30)

    def stop(self) -> None:
        """Write what is waiting, then end the thread."""
        self.flush()
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join(5)

    def _write_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._filled or self._is_stopping)
                if not self._filled:
                    return
                self._changed.wait_for(lambda: self._is_urgent or self._is_stopping, timeout=BATCH_SECONDS)
                batches = self._take()
            for stream, events in batches:
                self._put(stream, events)
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _take(self) -> list[tuple[LogStream, list[dict]]]:
        batches = [(stream, stream.waiting) for stream in self._filled]
        for stream, _ in batches:
            stream.waiting = []
        self._filled = {}
        self._is_urgent, self._is_writing = False, True
        return batches

    def _put(self, stream: LogStream, events: list[dict]) -> None:
        try:
            self._create(stream)
            for batch in batches_of(events):
                self._logs.put_log_events(logGroupName=stream.group, logStreamName=stream.name, logEvents=batch)
        except (ClientError, BotoCoreError):
            stream.is_created = False  # the group may have been deleted: made again with the next lines

    def _create(self, stream: LogStream) -> None:
        if stream.is_created:
            return
        _unless_there(self._logs.create_log_group, logGroupName=stream.group)
        _unless_there(self._logs.create_log_stream, logGroupName=stream.group, logStreamName=stream.name)
        stream.is_created = True


def batches_of(events: list[dict]) -> list[list[dict]]:
    """`events` in order, cut where CloudWatch Logs would refuse a larger call."""
    batches: list[list[dict]] = [[]]
    size = 0
    for event in events:
        size += len(event["message"].encode()) + EVENT_OVERHEAD
        if batches[-1] and (size > MAX_BYTES or len(batches[-1]) == MAX_EVENTS):
            batches.append([])
            size = len(event["message"].encode()) + EVENT_OVERHEAD
        batches[-1].append(event)
    return batches


class LogPipe:
    """The write end of a pipe for a process's output; a thread carries its lines to a stream."""

    def __init__(
        self, stream: LogStream, urgent_prefix: str = "\0", on_line: Callable[[str], None] = lambda line: None
    ):
        self._read, self.fd = os.pipe()
        self._stream, self._urgent_prefix, self._on_line = stream, urgent_prefix, on_line
        self._lock, self._is_closed = threading.Lock(), False
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def mark(self, line: str) -> None:
        """Write a line of ours, after everything that the process has written up to now."""
        with self._lock:
            if self._is_closed:
                self._stream.write(line, soon=True)
            else:
                os.write(self.fd, f"{line}\n".encode())

    def close(self) -> None:
        """Carry what is left and flush; the process must have ended."""
        with self._lock:
            self._is_closed = True
            os.close(self.fd)
        self._thread.join(10)
        self._stream.flush()

    def _carry(self) -> None:
        with os.fdopen(self._read, "rb") as lines:
            for raw in lines:
                line = raw.decode(errors="replace").rstrip("\r\n")
                self.tail.append(line)
                self._stream.write(line, soon=line.startswith(self._urgent_prefix))
                self._on_line(line)


def _unless_there(create: Any, **names: str) -> None:
    try:
        create(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
