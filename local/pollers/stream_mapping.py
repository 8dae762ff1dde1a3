"""A Kinesis event source mapping: one worker per open shard, children after their parents."""

import threading
from collections.abc import Iterable

from local.front import Front
from local.pollers.stream_records import ShardSource
from local.pollers.stream_settings import StreamSettings, stream_settings
from local.pollers.stream_shard import ShardPoller
from local.pollers.worker import Worker

SECONDS_BETWEEN_SHARD_LISTS = 5.0


def startable_shards(shards: Iterable[dict], started: set[str], finished: set[str]) -> list[str]:
    """Shards to start now: not yet started, and no parent that still has records to read. Pure."""
    shards = list(shards)
    known = {shard["ShardId"] for shard in shards}
    return [
        shard["ShardId"]
        for shard in shards
        if shard["ShardId"] not in started and not (_parents(shard) & known) - finished
    ]


def _parents(shard: dict) -> set[str]:
    return {shard[name] for name in ("ParentShardId", "AdjacentParentShardId") if shard.get(name)}


class StreamMapping:
    """Runs one mapping until stopped; its checkpoints outlive it."""

    def __init__(self, front: Front, mapping: dict, checkpoints: dict[tuple[str, str], str]):
        self._front, self._checkpoints = front, checkpoints
        self._settings: StreamSettings = stream_settings(mapping)
        self._stopped = threading.Event()
        self._role = ""
        self._shards: dict[str, Worker] = {}
        self._start = self._first_start()
        self._worker = Worker(f"stream mapping {self._settings.uuid}", self._open_shards, self._stopped)

    def stop(self) -> None:
        """Stop reading; what was not yet delivered is read again by the next one."""
        self._stopped.set()
        for worker in [self._worker, *self._shards.values()]:
            worker.stop()

    def _open_shards(self) -> float:
        self._role = self._role or self._role_of_function()
        shards = self._list_shards()
        finished = {shard for shard, worker in self._shards.items() if not worker.is_running}
        for shard_id in startable_shards(shards, set(self._shards), finished):
            self._shards[shard_id] = self._shard_worker(shard_id)
        self._start = {"ShardIteratorType": "TRIM_HORIZON"}
        return SECONDS_BETWEEN_SHARD_LISTS

    def _shard_worker(self, shard_id: str) -> Worker:
        source = ShardSource(self._settings.stream_arn, shard_id, self._role)
        poller = ShardPoller(
            self._front, self._settings, source, self._checkpoints, self._start, self._stopped
        )  # fmt: skip
        return Worker(f"{self._settings.uuid} {shard_id}", poller.step, self._stopped)

    def _first_start(self) -> dict:
        """Where shards begin that are there already; those that appear later are read from their start."""
        start = {"ShardIteratorType": self._settings.starting_position}
        if self._settings.starting_timestamp:
            start["Timestamp"] = self._settings.starting_timestamp
        return start

    def _list_shards(self) -> list[dict]:
        name = self._settings.stream_arn.split("/")[1]
        kinesis = self._front.client("kinesis")
        answer = kinesis.list_shards(StreamName=name)
        shards = answer["Shards"]
        while token := answer.get("NextToken"):
            answer = kinesis.list_shards(NextToken=token)
            shards += answer["Shards"]
        return shards

    def _role_of_function(self) -> str:
        answer = self._front.client("lambda").get_function_configuration(FunctionName=self._settings.function_arn)
        return answer["Role"]
