"""One execution environment of a Lambda function: a process of AWS's own runtime client, fed by the Runtime API.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import signal
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local.children import Children, send
from local.log_sink import LogPipe

# AWS gives 10 s, then starts over within the function's timeout; heavy imports on a busy laptop take longer.
INIT_LIMIT_SECONDS = 180.0


@dataclass(frozen=True)
class Process:
    """What a worker runs."""

    arn: str
    command: Sequence[str]
    cwd: Path
    env: dict[str, str]
    timeout: float
    memory_mb: int


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to: the body, and whether it is the handler's answer or an error."""

    body: bytes
    is_error: bool


class Worker:
    """One warm process; handles one invocation at a time."""

    def __init__(self, process: Process, children: Children, pipe: LogPipe):
        self._settings, self._pipe = process, pipe
        self._handed: queue.Queue = queue.Queue()
        self._events: queue.Queue = queue.Queue()
        self._started = time.monotonic()
        self._init_ms: float | None = None
        self._was_reported = self.is_spent = False
        self._api = _RuntimeApi(self)
        self._process = children.start(
            process.command, cwd=process.cwd, output=pipe.fd, on_exit=self._exited,
            env={**process.env, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}"},
        )  # fmt: skip

    def invoke(self, payload: bytes) -> Outcome:
        """Run one invocation to its end, its time limit, or the end of the process."""
        request_id = str(uuid.uuid4())
        self._handed.put((request_id, payload))
        event, content = self._next_event(INIT_LIMIT_SECONDS)
        started = time.monotonic()
        if event == "taken":
            event, content = self._next_event(self._settings.timeout)
        outcome = self._outcome(event, content, request_id)
        self._report(request_id, (time.monotonic() - started) * 1000)
        return outcome

    def stop(self) -> None:
        """End the process; a worker that was stopped takes no more invocations."""
        self.is_spent = True
        send(self._process, signal.SIGKILL)

    def take(self) -> tuple[str, bytes] | None:
        """The next invocation for the process that asks; None when there will be none."""
        handed = self._handed.get()
        if handed is None:
            return None
        if self._init_ms is None:
            self._init_ms = (time.monotonic() - self._started) * 1000
        self._pipe.mark(f"START RequestId: {handed[0]} Version: $LATEST")
        self._events.put(("taken", b""))
        return handed

    def answered(self, event: str, body: bytes) -> None:
        self._events.put((event, body))

    @property
    def settings(self) -> Process:
        return self._settings

    def _next_event(self, seconds: float) -> tuple[str, bytes]:
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return "timeout", f"{seconds:.2f}".encode()

    def _outcome(self, event: str, content: bytes, request_id: str) -> Outcome:
        if event in ("response", "error"):
            return Outcome(content, is_error=event == "error")
        self.stop()
        if event == "init/error":
            return Outcome(content, is_error=True)
        if event == "timeout":
            return self._failure("Sandbox.Timedout", request_id, f"Task timed out after {content.decode()} seconds")
        return self._failure("Runtime.ExitError", request_id, f"Runtime exited {content.decode()}")

    def _failure(self, kind: str, request_id: str, message: str) -> Outcome:
        body = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}
        self._pipe.mark(body["errorMessage"])
        return Outcome(json.dumps(body).encode(), is_error=True)

    def _report(self, request_id: str, duration_ms: float) -> None:
        is_first, self._was_reported = not self._was_reported, True
        init = f"Init Duration: {self._init_ms:.2f} ms\t" if is_first and self._init_ms else ""
        self._pipe.mark(f"END RequestId: {request_id}")
        self._pipe.mark(
            f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\t"
            f"Billed Duration: {int(duration_ms) + 1} ms\tMemory Size: {self._settings.memory_mb} MB\t{init}"
        )

    def _exited(self, code: int) -> None:
        self.is_spent = True
        self._events.put(("exit", _reason_of(code).encode()))
        self._handed.put(None)
        self._api.shutdown()
        self._api.server_close()
        self._pipe.close()


def _reason_of(exit_code: int) -> str:
    if exit_code == 0:
        return "without providing a reason"
    if exit_code < 0:
        return f"with error: signal: {signal.Signals(-exit_code).name}"
    return f"with error: exit status {exit_code}"


class _RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, worker: Worker):
        super().__init__(("127.0.0.1", 0), _RuntimeApiHandler)
        self.worker = worker
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()


class _RuntimeApiHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def do_GET(self) -> None:
        """`/runtime/invocation/next`: answered when there is an invocation."""
        handed = self.server.worker.take()
        if handed is None:
            self.close_connection = True
            return
        request_id, payload = handed
        settings = self.server.worker.settings
        self._answer(200, payload, {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + settings.timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": settings.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
        })  # fmt: skip

    def do_POST(self) -> None:
        """`/runtime/invocation/<id>/response|error` and `/runtime/init/error`."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.path.rpartition("/")[2]
        self.server.worker.answered("init/error" if "/init/" in self.path else kind, body)
        self._answer(202, b'{"status": "OK"}', {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Calls of the runtime client are not worth a line."""
