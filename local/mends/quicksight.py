"""QuickSight's datasets, refresh schedules, folders, analyses and dashboards.

moto forgets all of a dataset but its name, cannot tell a dashboard's definition, and has neither folders nor analyses
nor refresh schedules. Here they are kept and told, and what one names must be there; nothing is loaded or rendered.
Sources of data stay with moto.
https://docs.aws.amazon.com/quicksight/latest/APIReference/API_Operations.html
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from moto.quicksight.models import quicksight_backends
from werkzeug.wrappers import Request, Response

from local.front import ACCOUNT, REGION, AwsError, Front

# Segment of the path: the API's word, the word of ARNs, the member that lists are told in.
KINDS = {
    "data-sets": ("DataSet", "dataset", "DataSetSummaries"),
    "folders": ("Folder", "folder", "FolderSummaryList"),
    "analyses": ("Analysis", "analysis", "AnalysisSummaryList"),
    "dashboards": ("Dashboard", "dashboard", "DashboardSummaryList"),
}
PATH = re.compile(rf"/accounts/\d{{12}}/({'|'.join(KINDS)})(?:/([^/]+))?(?:/([a-z-]+)(?:/([^/]+))?)?")
NAMED_ARNS = ("DataSourceArn", "DataSetArn", "FolderArns")
SCHEDULES, REFRESH, DEFINITION, PERMISSIONS = "refresh-schedules", "refresh-properties", "definition", "permissions"


class Assets:
    """What was created, by kind and id, as it was given."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, Any]] = {}

    def answer(self, request: Request) -> Response:
        """Answer one request of QuickSight's REST protocol."""
        kind, id, part, part_id = PATH.fullmatch(request.path).groups()
        body = json.loads(request.get_data() or b"{}")
        id = id or body.get(f"{KINDS[kind][0]}Id")
        if part:
            told = self._part(request.method, (kind, id), part, part_id, body)
        else:
            told = self._asset(request.method, kind, id, body)
        answer = json.dumps({"Status": 200, "RequestId": "local", **told})
        return Response(answer, 200, {"Content-Type": "application/json"})

    def _asset(self, method: str, kind: str, id: str | None, body: dict[str, Any]) -> dict[str, Any]:
        word, _, listed = KINDS[kind]
        if id is None:
            return {listed: [one for (other, _), one in self._kept.items() if other == kind]}
        operations: dict[str, Callable[[], dict[str, Any]]] = {
            "POST": lambda: self._create(kind, id, body),
            "PUT": lambda: self._change(kind, id, body),
            "GET": lambda: {word: self._find(kind, id)},
            "DELETE": lambda: self._delete(kind, id),
        }
        return operations[method]()

    def _create(self, kind: str, id: str, body: dict[str, Any]) -> dict[str, Any]:
        if (kind, id) in self._kept:
            raise AwsError("ResourceExistsException", f"{KINDS[kind][0]} {id} already exists", 409)
        self._refuse_unknown_arns(body)
        word, segment, _ = KINDS[kind]
        arn = f"arn:aws:quicksight:{REGION}:{ACCOUNT}:{segment}/{id}"
        kept = {f"{word}Id": id, "Arn": arn, "CreatedTime": time.time(), "LastUpdatedTime": time.time()}
        self._kept[kind, id] = {**body, **kept, SCHEDULES: {}}
        return {**self._named(kind, self._kept[kind, id]), "CreationStatus": "CREATION_SUCCESSFUL"}

    def _change(self, kind: str, id: str, body: dict[str, Any]) -> dict[str, Any]:
        self._find(kind, id)
        self._refuse_unknown_arns(body)
        self._kept[kind, id] |= {**body, "LastUpdatedTime": time.time()}
        return self._named(kind, self._kept[kind, id])

    def _delete(self, kind: str, id: str) -> dict[str, Any]:
        told = self._named(kind, self._find(kind, id))
        del self._kept[kind, id]
        return told

    def _part(
        self, method: str, asset: tuple[str, str], part: str, part_id: str | None, body: dict[str, Any]
    ) -> dict[str, Any]:
        kept = self._find(*asset)
        if part == SCHEDULES:
            return _schedule(method, kept, part_id, body)
        if part == REFRESH:
            return _refresh(method, kept, body)
        if part in (DEFINITION, PERMISSIONS) and method == "GET":
            return kept
        raise AwsError("UnsupportedOperation", f"the local AWS cannot {method} {part} of {asset[1]}")

    def _find(self, kind: str, id: str) -> dict[str, Any]:
        if (kind, id) not in self._kept:
            raise AwsError("ResourceNotFoundException", f"{KINDS[kind][0]} {id} is not found", 404)
        return self._kept[kind, id]

    def _named(self, kind: str, kept: dict[str, Any]) -> dict[str, Any]:
        return {"Arn": kept["Arn"], f"{KINDS[kind][0]}Id": kept[f"{KINDS[kind][0]}Id"]}

    def _refuse_unknown_arns(self, body: dict[str, Any]) -> None:
        sources = quicksight_backends[ACCOUNT][REGION].data_sources.values()
        known = {one["Arn"] for one in self._kept.values()} | {source.arn for source in sources}
        if unknown := sorted(set(_named_arns(body)) - known):
            raise AwsError("InvalidParameterValueException", f"there is no {', '.join(unknown)}")


def install(front: Front) -> None:
    """Answer the operations on all assets but sources of data."""
    front.route(lambda request: PATH.fullmatch(request.path) is not None, Assets().answer)


def _schedule(method: str, dataset: dict[str, Any], id: str | None, body: dict[str, Any]) -> dict[str, Any]:
    kept = dataset[SCHEDULES]
    if method in ("POST", "PUT"):
        id = body["Schedule"]["ScheduleId"]
        if (id in kept) != (method == "PUT"):
            code = "ResourceNotFoundException" if method == "PUT" else "ResourceExistsException"
            raise AwsError(code, f"schedule {id}")
        kept[id] = body["Schedule"]
    elif id is None:
        return {"RefreshSchedules": list(kept.values())}
    elif id not in kept:
        raise AwsError("ResourceNotFoundException", f"RefreshSchedule {id} is not found", 404)
    told = {"ScheduleId": id, "Arn": f"{dataset['Arn']}/refresh-schedule/{id}", "RefreshSchedule": kept[id]}
    if method == "DELETE":
        del kept[id]
    return told


def _refresh(method: str, dataset: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    if method == "PUT":
        dataset["DataSetRefreshProperties"] = body["DataSetRefreshProperties"]
    elif "DataSetRefreshProperties" not in dataset:
        raise AwsError("ResourceNotFoundException", f"{dataset['Arn']} has no refresh properties", 404)
    elif method == "DELETE":
        del dataset["DataSetRefreshProperties"]
    return {"DataSetRefreshProperties": dataset.get("DataSetRefreshProperties")}


def _named_arns(node: Any) -> list[str]:
    if isinstance(node, list):
        return [arn for item in node for arn in _named_arns(item)]
    if not isinstance(node, dict):
        return []
    own = [value for name, value in node.items() if name in NAMED_ARNS]
    flat = [arn for value in own for arn in (value if isinstance(value, list) else [value])]
    return flat + [arn for value in node.values() for arn in _named_arns(value)]
