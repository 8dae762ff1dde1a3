"""GetRecords as a plain signed request.

boto3 spends half of the whole cost of a read on turning each record into Python objects; here the payload stays
the base64 text that the Lambda event holds as well.
"""

from typing import Any

import orjson
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.front import REGION

HEADERS = {"X-Amz-Target": "Kinesis_20131202.GetRecords", "Content-Type": "application/x-amz-json-1.1"}


class ReadRefused(Exception):
    """Kinesis did not answer with records: an expired iterator, a stream that is gone."""


class StreamReader:
    """Reads shards by the public API."""

    def __init__(self, url: str):
        self._url = url
        self._http = urllib3.PoolManager(maxsize=16)
        self._signer = SigV4Auth(Credentials("local", "local"), "kinesis", REGION)

    def get_records(self, iterator: str, limit: int) -> dict[str, Any]:
        """The answer as JSON: Data is base64 text, ApproximateArrivalTimestamp seconds since 1970."""
        body = orjson.dumps({"ShardIterator": iterator, "Limit": limit})
        request = AWSRequest("POST", self._url, data=body, headers=HEADERS)
        self._signer.add_auth(request)
        answer = self._http.request(
            "POST", self._url, body=body, headers=dict(request.headers), timeout=60, retries=False
        )
        if answer.status != 200:
            raise ReadRefused(f"GetRecords: {answer.status} {answer.data[:300]!r}")
        return orjson.loads(answer.data)
