"""The WSGI front of the local AWS: answers what the local AWS does itself, hands the rest to moto."""

import io
import json
import logging
import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.wrappers import Request, Response

ACCOUNT = "123456789012"
REGION = "eu-west-1"
HEALTH_PATH = "/_local/health"

log = logging.getLogger(__name__)

Handler = Callable[[Request], Response]
Matcher = Callable[[Request], bool]


class AwsError(Exception):
    """An operation refused the way AWS refuses it: an error code, a message, an HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class Front:
    """The one WSGI application that every AWS client of the local stage talks to."""

    def __init__(self, moto_app: Callable, url: str):
        self.url = url
        self._moto = moto_app
        self._targets: dict[str, Handler] = {}
        self._routes: list[tuple[Matcher, Handler]] = []
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def route(self, matches: Matcher, handler: Handler) -> None:
        """Let `handler` answer every request that `matches`; the first registered match wins."""
        self._routes.append((matches, handler))

    def json_target(self, target: str, operation: Callable[[dict], dict]) -> None:
        """Let `operation` (body -> answer) take the place of moto for one `X-Amz-Target`."""
        self._targets[target] = lambda request: _json_answer(request, operation(_json_body(request)))

    def forward(self, request: Request) -> Response:
        """What moto itself answers to `request`."""
        body = request.get_data()
        environ = {**request.environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return Response.from_app(self._moto, environ)

    def client(self, service: str) -> Any:
        """The boto3 client of `service` that talks to this front with the local operator's credentials."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = _new_client(service, self.url)
            return self._clients[service]

    def __call__(self, environ: dict, start_response: Callable) -> Any:
        request = Request(environ)
        handler = self._handler(request)
        if handler is None:
            return self._moto(environ, start_response)
        return _answered(request, handler)(environ, start_response)

    def _handler(self, request: Request) -> Handler | None:
        target = request.headers.get("X-Amz-Target", "")
        if target in self._targets:
            return self._targets[target]
        return next((handler for matches, handler in self._routes if matches(request)), None)


def _answered(request: Request, handler: Handler) -> Response:
    request.get_data()  # read even if the handler does not: on a kept connection the next request follows it
    try:
        return handler(request)
    except AwsError as error:
        return _refused(request, error)
    except ClientError as error:  # of a call of ours on the caller's behalf: the caller's error
        details, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        return _refused(request, AwsError(details["Code"], details["Message"], status))
    except Exception as error:
        log.exception("%s %s failed", request.method, _name_of(request))
        return _error_answer(request, AwsError("InternalFailure", f"{type(error).__name__}: {error}", 500))


def _refused(request: Request, error: AwsError) -> Response:
    log.warning("%s %s refused: %s", request.method, _name_of(request), error)
    return _error_answer(request, error)


def _name_of(request: Request) -> str:
    return request.headers.get("X-Amz-Target") or request.path


def _error_answer(request: Request, error: AwsError) -> Response:
    """JSON protocols read the code from the body, REST ones from the header: give both."""
    body = {"__type": error.code, "message": error.message}
    answer = _json_answer(request, body, error.status)
    answer.headers["x-amzn-ErrorType"] = error.code
    return answer


def _json_body(request: Request) -> dict:
    body = request.get_data()
    return json.loads(body) if body else {}


def _json_answer(request: Request, answer: dict, status: int = 200) -> Response:
    content_type = request.headers.get("Content-Type") or "application/x-amz-json-1.1"
    return Response(
        json.dumps(answer, default=_plain),
        status,
        {"Content-Type": content_type, "x-amzn-RequestId": str(uuid.uuid4())},
    )


def _plain(value: Any) -> float:
    """AWS's JSON protocols write times as seconds since 1970."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON: {value!r}")


def _new_client(service: str, url: str) -> Any:
    return boto3.session.Session().client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(
            retries={"max_attempts": 0},
            s3={"addressing_style": "path"},
            max_pool_connections=50,
            read_timeout=900,
        ),
    )
