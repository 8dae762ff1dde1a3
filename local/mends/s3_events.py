"""S3 events on EventBridge.

moto sends every event with one id, one sequencer and a number as time, sends two for a multipart upload, and
gives up at the first target it does not know. S3 sends one event to the default bus, with an id of its own and
a sequencer that rises.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import itertools
import time
import uuid
from typing import Any

from moto.events.models import events_backends
from moto.s3 import notifications
from moto.s3.models import S3Backend

from local.front import Front

REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
sequence = itertools.count(int(time.time() * 1000))

moto_send = notifications._send_event_bridge_message
moto_put_object = S3Backend.put_object


def install(front: Front) -> None:
    """Send events as S3 does, and one for a multipart upload."""
    notifications._send_event_bridge_message = send
    S3Backend.put_object = put_object


def put_object(backend: S3Backend, *arguments: Any, **options: Any) -> Any:
    """Store an object; for a multipart upload the event comes when the upload is completed."""
    if options.get("multipart") is not None:
        options["disable_notification"] = True
    return moto_put_object(backend, *arguments, **options)


def send(account: str, bucket: Any, event_name: str, key: Any) -> None:
    """Hand the event to the rules of the default bus."""
    event = event_of(account, bucket, str(getattr(event_name, "value", event_name)), key)
    for rule in list(events_backends[account][bucket.region_name].event_buses["default"].rules.values()):
        rule.send_to_targets(event)


def event_of(account: str, bucket: Any, event_name: str, key: Any) -> dict[str, Any]:
    """The event as EventBridge delivers it."""
    version = {"version-id": key.version_id} if key.version_id not in (None, "null") else {}
    what = event_name.removeprefix("s3:")
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": notifications._detail_type(event_name),
        "source": "aws.s3",
        "account": account,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {
                "key": key.name,
                "size": key.size,
                "etag": key.etag.strip('"'),
                **version,
                "sequencer": f"{next(sequence):016X}",
            },
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": account,
            "reason": REASONS.get(what, what),
        },
    }
