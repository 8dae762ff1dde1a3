"""Fargate Spot as it may turn out: what the next tasks on it meet is asked for at /_local/spot.

    curl --data '[{"fate": "no capacity"}, {"fate": "taken away", "at": "file 1 of"}]' "$AWS_ENDPOINT_URL/_local/spot"

One entry a task, in the order of their starting; what is asked for takes the place of what was left. A task that is
taken away gets SIGTERM when it prints a line with the text of `at`, or its first line where there is none.
"""

import json
import threading
from collections import deque
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from local.front import AwsError, Front

PATH = "/_local/spot"
NO_CAPACITY, TAKEN_AWAY = "no capacity", "taken away"
# What ECS tells: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
REFUSAL = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
STOP_CODE, STOPPED_REASON = "SpotInterruption", "Your Spot Task was interrupted."


@dataclass(frozen=True)
class Fate:
    """What a task on Spot meets."""

    fate: str
    at: str = ""


class SpotMarket:
    """The fates of the next tasks; none where nothing was asked for."""

    def __init__(self):
        self._fates: deque[Fate] = deque()
        self._lock = threading.Lock()

    def install(self, front: Front) -> None:
        """Let the front take requests for fates."""
        front.route(lambda request: request.path == PATH, self.asked)

    def asked(self, request: Request) -> Response:
        """POST /_local/spot."""
        fates = [Fate(**entry) for entry in json.loads(request.get_data())]
        unknown = {fate.fate for fate in fates} - {NO_CAPACITY, TAKEN_AWAY}
        if unknown:
            raise AwsError(
                "ValidationException", f"fates {sorted(unknown)}; expected {NO_CAPACITY!r} or {TAKEN_AWAY!r}"
            )
        with self._lock:
            self._fates = deque(fates)
        return Response(json.dumps({"fates": len(fates)}), content_type="application/json")

    def next(self) -> Fate | None:
        """The fate of a task that is about to start; ECS's own error where there is no capacity for it."""
        with self._lock:
            fate = self._fates.popleft() if self._fates else None
        if fate and fate.fate == NO_CAPACITY:
            raise AwsError("ClientException", REFUSAL)
        return fate
