"""Glue UpdateTable with a VersionId.

moto ignores VersionId: a writer that read an old version overwrites the newer one. Glue refuses it with
ConcurrentModificationException, which is what makes an Iceberg commit safe.
https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
"""

import json
import threading

from werkzeug.wrappers import Request, Response

from local.front import AwsError, Front

UPDATE_TABLE = "AWSGlue.UpdateTable"


def install(front: Front) -> None:
    """Compare and swap: one update at a time, and only of the version that the caller has read."""
    lock = threading.Lock()

    def update(request: Request) -> Response:
        with lock:
            _refuse_stale(front, json.loads(request.get_data()))
            return front.forward(request)

    front.route(lambda request: request.headers.get("X-Amz-Target") == UPDATE_TABLE, update)


def _refuse_stale(front: Front, body: dict) -> None:
    if "VersionId" not in body:
        return
    name = body["TableInput"]["Name"]
    found = front.client("glue").get_table(DatabaseName=body["DatabaseName"], Name=name)["Table"]["VersionId"]
    if found != body["VersionId"]:
        message = f"Update table failed due to concurrent modifications: version {found}, not {body['VersionId']}."
        raise AwsError("ConcurrentModificationException", message)
