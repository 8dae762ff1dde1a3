"""PutRecords by boto3, with what makes it fail for a while told as refusals, and without its work per record."""

from __future__ import annotations

from binascii import b2a_base64
from typing import Any

import boto3
import orjson
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from lake.put_records import Entry, Put

THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "KMSThrottlingException",
        "LimitExceededException",
        "ThrottlingException",
        "Throttling",
    }
)
# botocore would repeat a request whole, accepted records too, and sleep by a rule of its own.
ASK_ONCE = {"total_max_attempts": 1}


def fast_client(connections: int = 4, session: Any = boto3) -> Any:
    """A Kinesis client that asks once, and builds and reads PutRecords by orjson: a sixth of botocore's time.

    `Records` of PutRecords are then those of `as_records`; their values are not validated.
    """
    config = Config(
        retries=ASK_ONCE,
        parameter_validation=False,
        max_pool_connections=connections,
        connect_timeout=5,
        read_timeout=20,
    )
    client = session.client("kinesis", config=config)
    client.meta.events.register("before-parameter-build.kinesis.PutRecords", _set_records_aside)
    client.meta.events.register("before-call.kinesis.PutRecords", _write_body)
    client.meta.events.register("before-parse.kinesis.PutRecords", _read_results)
    return client


def put_to(client: Any, stream: str) -> Put:
    """The function that puts entries (with `data` and `partition_key`) to a stream."""

    def put(entries: list[Entry]) -> list[dict]:
        records = [{"Data": entry.data, "PartitionKey": entry.partition_key} for entry in entries]
        try:
            return client.put_records(StreamName=stream, Records=records)["Records"]
        except HTTPClientError as error:
            # The request may have been accepted all the same; who sends it again sends at least once.
            return _refused_whole(type(error).__name__, entries)
        except ClientError as error:
            if not _passes(error):
                raise
            return _refused_whole(error.response["Error"]["Code"], entries)

    return put


def _refused_whole(code: str, entries: list[Entry]) -> list[dict]:
    """Results that tell a request's failure from that of a record in it."""
    return [{"ErrorCode": f"{code} (whole request)"}] * len(entries)


def _passes(error: ClientError) -> bool:
    """Whether the same request may succeed later."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response["Error"]["Code"] in THROTTLED or status >= 500 or status == 429


def _set_records_aside(params: dict, context: dict, **_: object) -> None:
    context["tributary_body"] = _body(params["StreamName"], params["Records"])
    params["Records"] = []


def _write_body(params: dict, context: dict, **_: object) -> None:
    params["body"] = context["tributary_body"]


def _body(stream: str, records: list[dict]) -> bytes:
    parts = [
        b'{"Data":"%b","PartitionKey":%b}'
        % (b2a_base64(record["Data"], newline=False), orjson.dumps(record["PartitionKey"]))
        for record in records
    ]
    return b'{"StreamName":%b,"Records":[%b]}' % (orjson.dumps(stream), b",".join(parts))


def _read_results(response_dict: dict, customized_response_dict: dict, **_: object) -> None:
    if response_dict["status_code"] == 200:
        customized_response_dict.update(orjson.loads(response_dict["body"]))
        response_dict["body"] = b"{}"
