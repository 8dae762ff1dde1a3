"""Lambda's Invoke for functions packaged as images: real processes, one for each invocation at a time.

A function has at most its reserved concurrency of processes, else MAX_WORKERS; more invocations wait for one.
Not enforced: the memory size. Event invocations are tried once.
"""

import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from moto.awslambda.models import LambdaFunction
from werkzeug.wrappers import Request, Response

from local import sandbox
from local.children import Children
from local.front import AwsError, Front
from local.images import Image, Images
from local.lambda_worker import Outcome, Process, Worker
from local.log_sink import LogPipe, LogSink

MAX_WORKERS = 4
MAX_PAYLOAD = 6 * 1024 * 1024
_PATH = re.compile(r"/2015-03-31/functions/(.+)/invocations")


def install(front: Front, images: Images, children: Children, logs: LogSink) -> "LambdaRuntime":
    """Let the front answer Invoke, and moto's own events (S3, SNS, EventBridge) call functions through it."""
    runtime = LambdaRuntime(front, images, children, logs)
    front.route(lambda request: bool(_PATH.fullmatch(request.path)), runtime.invoke)
    front.route(_may_change_a_function, runtime.change)
    LambdaFunction.invoke = _invoke_through(front)
    return runtime


def _may_change_a_function(request: Request) -> bool:
    return request.method != "GET" and bool(re.match(r"/20\d\d-\d\d-\d\d/functions", request.path))


def _invoke_through(front: Front) -> Callable:
    def invoke(function: LambdaFunction, body: str, request_headers: Any, response_headers: Any) -> bytes:
        front.client("lambda").invoke(FunctionName=function.function_arn, InvocationType="Event", Payload=body or "{}")
        return b""

    return invoke


class LambdaRuntime:
    """The warm workers of every function, and the operation that uses them."""

    def __init__(self, front: Front, images: Images, children: Children, logs: LogSink):
        self._front, self._images, self._children, self._logs = front, images, children, logs
        self._known: dict[str, dict] = {}
        self._pools: dict[str, _Pool] = {}
        self._lock = threading.Lock()
        self._later = ThreadPoolExecutor(max_workers=16, thread_name_prefix="lambda-event")

    def invoke(self, request: Request) -> Response:
        """`POST /functions/<name>/invocations`."""
        name = unquote(_PATH.fullmatch(request.path)[1])
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        payload = _payload(request)
        function = self._function(name)
        if kind == "DryRun":
            return Response(b"", 204)
        if kind == "Event":
            self._later.submit(self._run, function, payload)
            return Response(b"", 202)
        return _answer(self._run(function, payload))

    def change(self, request: Request) -> Response:
        """Let moto answer a call that may change a function, then ask it anew what functions are like."""
        try:
            return self._front.forward(request)
        finally:
            self._known = {}

    def stop(self) -> None:
        """Take no more events; the processes themselves are ended by whoever stops the children."""
        self._later.shutdown(wait=False, cancel_futures=True)

    def _function(self, name: str) -> dict:
        known = self._known
        if name not in known:
            known[name] = self._front.client("lambda").get_function(FunctionName=name)
        return known[name]

    def _run(self, function: dict, payload: bytes) -> Outcome:
        pool, version = self._pool(function), _version_of(function)
        worker = pool.borrow(version, lambda: self._start(function))
        try:
            return worker.invoke(payload)
        finally:
            pool.give_back(worker, version)

    def _pool(self, function: dict) -> "_Pool":
        limit = function.get("Concurrency", {}).get("ReservedConcurrentExecutions", MAX_WORKERS)
        arn = function["Configuration"]["FunctionArn"]
        with self._lock:
            pool = self._pools.setdefault(arn, _Pool(limit))
        pool.limit = limit
        return pool

    def _start(self, function: dict) -> Worker:
        configuration = function["Configuration"]
        if configuration.get("PackageType") != "Image":
            raise AwsError(
                "InvalidRuntimeException",
                f"{configuration['FunctionName']}: the local AWS runs PackageType Image only, "
                f"found {configuration.get('PackageType')}",
            )
        image = self._images.get(function["Code"]["ImageUri"])
        group, stream = _log_names(configuration)
        process = self._process(configuration, image, group, stream)
        pipe = LogPipe(self._logs.stream(group, stream), urgent_prefix="REPORT RequestId:")
        return Worker(process, self._children, pipe)

    def _process(self, configuration: dict, image: Image, group: str, stream: str) -> Process:
        settings = configuration.get("ImageConfigResponse", {}).get("ImageConfig", {})
        cmd = tuple(settings.get("Command") or image.cmd)
        name = configuration["FunctionName"]
        return Process(
            arn=configuration["FunctionArn"],
            command=image.argv(tuple(settings.get("EntryPoint") or ()), cmd),
            cwd=image.inside(settings.get("WorkingDirectory") or str(image.workdir)),
            env={
                **image.variables,
                **configuration.get("Environment", {}).get("Variables", {}),
                **sandbox.environment(self._front, configuration["Role"], name, image.python_path),
                "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
                "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                "AWS_LAMBDA_LOG_GROUP_NAME": group,
                "AWS_LAMBDA_LOG_STREAM_NAME": stream,
                "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
                "_HANDLER": cmd[-1] if cmd else "",
            },
            timeout=float(configuration["Timeout"]),
            memory_mb=int(configuration["MemorySize"]),
        )


class _Pool:
    """The workers of one function: idle ones are used again, the newest first."""

    def __init__(self, limit: int):
        self.limit = limit
        self._busy = 0
        self._idle: list[tuple[str, Worker]] = []
        self._freed = threading.Condition()

    def borrow(self, version: str, start: Callable[[], Worker]) -> Worker:
        """An idle worker of that version of the function, else a new one, at most `limit` at a time."""
        with self._freed:
            self._freed.wait_for(lambda: self._busy < self.limit)
            self._busy += 1
            self._retire(version)
            if self._idle:
                return self._idle.pop()[1]
        try:
            return start()
        except BaseException:
            self._release()
            raise

    def give_back(self, worker: Worker, version: str) -> None:
        """Keep the worker warm, unless its process has ended."""
        with self._freed:
            if not worker.is_spent:
                self._idle.append((version, worker))
        self._release()

    def _release(self) -> None:
        with self._freed:
            self._busy -= 1
            self._freed.notify()

    def _retire(self, version: str) -> None:
        """Stop idle workers of other versions (code or configuration changed), forget dead ones."""
        for idle_version, worker in self._idle:
            if idle_version != version:
                worker.stop()
        self._idle = [(idle_version, worker) for idle_version, worker in self._idle if not worker.is_spent]


def _version_of(function: dict) -> str:
    configuration = {k: v for k, v in function["Configuration"].items() if k != "RevisionId"}
    return json.dumps([configuration, function["Code"]], sort_keys=True, default=str)


def _log_names(configuration: dict) -> tuple[str, str]:
    group = configuration.get("LoggingConfig", {}).get("LogGroup")
    group = group or f"/aws/lambda/{configuration['FunctionName']}"
    return group, f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{uuid.uuid4().hex}"


def _payload(request: Request) -> bytes:
    payload = request.get_data() or b"{}"
    if len(payload) > MAX_PAYLOAD:
        raise AwsError("RequestTooLargeException", f"{len(payload)} must be smaller than {MAX_PAYLOAD} bytes", 413)
    return payload


def _answer(outcome: Outcome) -> Response:
    if len(outcome.body) > MAX_PAYLOAD:
        message = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
        body = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
        outcome = Outcome(json.dumps(body).encode(), is_error=True)
    headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": "$LATEST"}
    if outcome.is_error:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return Response(outcome.body, 200, headers)
