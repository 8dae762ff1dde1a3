"""The clients that tasks call services with.

moto calls `localhost` on its own port with made-up keys, waits 60 seconds at most, makes a client for each call, and
puts times into the state's data as Python objects, which no intrinsic function can read. Step Functions calls
with the role of the state machine, and times are text.
"""

import threading
from datetime import UTC, datetime
from typing import Any

import botocore.session
from botocore.config import Config
from moto.stepfunctions.parser.asl.utils import boto_client

from local.front import Front
from local.mends.step_functions.rebinding import rebind

moto_client_for = boto_client.boto_client_for
LONGEST_CALL_SECONDS = 3600
REFRESH_SECONDS = 600


def install(front: Front) -> None:
    """Let tasks call the front, as the state machine's role."""
    rebind("boto_client_for", Clients(front).client_for)


class Clients:
    """One client for each service and role, made anew before its credentials expire."""

    def __init__(self, front: Front):
        self._front, self._lock = front, threading.Lock()
        self._known: dict[tuple, tuple[Any, datetime]] = {}
        self._session = botocore.session.get_session()
        self._session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=as_text)

    def client_for(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """A client, in the signature of moto's function."""
        key = (region, service, getattr(state_credentials, "role_arn", None))
        with self._lock:
            client, until = self._known.get(key, (None, datetime.min.replace(tzinfo=UTC)))
            if (until - datetime.now(UTC)).total_seconds() < REFRESH_SECONDS:
                client, until = self._new(*key)
                self._known[key] = (client, until)
            return client

    def _new(self, region: str, service: str, role: str | None) -> tuple[Any, datetime]:
        session_name = {"RoleArn": role or "arn:aws:iam::123456789012:role/states", "RoleSessionName": "states"}
        granted = self._front.client("sts").assume_role(**session_name)["Credentials"]
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self._front.url,
            aws_access_key_id=granted["AccessKeyId"],
            aws_secret_access_key=granted["SecretAccessKey"],
            aws_session_token=granted["SessionToken"],
            config=_config(),
        )
        return client, granted["Expiration"]


def _config() -> Config:
    return Config(
        parameter_validation=False,
        retries={"total_max_attempts": 1},
        read_timeout=LONGEST_CALL_SECONDS,
        max_pool_connections=50,
        s3={"addressing_style": "path"},
    )


def as_text(value: Any) -> str:
    """A time of an answer as Step Functions shows it."""
    if isinstance(value, str):
        return value
    return datetime.fromtimestamp(float(value), UTC).isoformat().replace("+00:00", "Z")
