"""The downstream stream on the wire: answers the requests that botocore sends, takes and refuses as it is told."""

import base64
import io
import json
import threading

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

THROTTLED = "ProvisionedThroughputExceededException"


class Body(io.BytesIO):
    """What botocore reads an answer from."""

    def stream(self, *_, **__):
        yield self.read()


class FakeStream:
    """Each request is answered by the next of `faults`, which is a function of it; without one it is taken."""

    def __init__(self):
        self.taken, self.requests, self.faults = [], [], []
        self._lock = threading.Lock()

    def attach(self, client):
        client.meta.events.register("before-send.kinesis.PutRecords", self._answer)

    def detach(self, client):
        client.meta.events.unregister("before-send.kinesis.PutRecords", self._answer)

    @property
    def ids(self):
        return [event["id"] for event in self.events]

    @property
    def events(self):
        return [json.loads(data) for _, data in self.taken]

    def _answer(self, request, **_):
        records = json.loads(request.body)["Records"]
        with self._lock:
            self.requests.append(len(records))
            fault = self.faults.pop(0) if self.faults else None
            return fault(self, records) if fault else self.take(records)

    def take(self, records, refused=(), code=THROTTLED):
        results = [self._result(at, record, refused, code) for at, record in enumerate(records)]
        return answer(200, {"FailedRecordCount": len(set(refused)), "Records": results})

    def _result(self, at, record, refused, code):
        if at in refused:
            return {"ErrorCode": code, "ErrorMessage": "not now"}
        self.taken.append((record["PartitionKey"], base64.b64decode(record["Data"])))
        return {"SequenceNumber": str(len(self.taken)), "ShardId": "shardId-000000000000"}


def answer(status, document):
    headers = {"content-type": "application/x-amz-json-1.1"}
    return AWSResponse("http://kinesis", status, headers, Body(json.dumps(document).encode()))


def every_other_refused(stream, records):
    return stream.take(records, range(1, len(records), 2))


def throttled(stream, records):
    return answer(400, {"__type": THROTTLED, "message": "Rate exceeded"})


def internal_failure(stream, records):
    return answer(500, {"__type": "InternalFailure", "message": "try again"})


def answer_lost(stream, records):
    """Everything is taken, and nobody learns of it."""
    stream.take(records)
    raise ReadTimeoutError(endpoint_url="http://kinesis")


def refusing(*ids, code="InternalFailure"):
    """A stream that never takes these events."""

    def fault(stream, records):
        events = [json.loads(base64.b64decode(record["Data"])) for record in records]
        stream.faults.insert(0, fault)
        return stream.take(records, [at for at, event in enumerate(events) if event["id"] in ids], code)

    return fault


def not_there(stream, records):
    return answer(400, {"__type": "ResourceNotFoundException", "message": "Stream downstream not found"})
