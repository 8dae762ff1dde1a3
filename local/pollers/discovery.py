"""Finds what is deployed by the public APIs and keeps one runner for each of it."""

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from local.front import Front
from local.pollers.pipe import Pipe
from local.pollers.schedule import Schedule
from local.pollers.settings import UnsupportedSetting
from local.pollers.stream_mapping import StreamMapping
from local.pollers.worker import Worker

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 1.0


class Runner(Protocol):
    """Something that runs by itself until it is stopped."""

    def stop(self) -> None: ...


Deployed = dict[tuple[str, str], dict]


def changes(running: Deployed, deployed: Deployed) -> tuple[list, list]:
    """The keys to stop and the keys to start; what changed its settings is in both. Pure."""
    stop = [key for key, settings in running.items() if deployed.get(key) != settings]
    start = [key for key, settings in deployed.items() if running.get(key) != settings]
    return stop, start


class Discovery:
    """Starts and stops runners as mappings, pipes and schedules come, change and go."""

    def __init__(self, front: Front):
        self._front = front
        self._checkpoints: dict[tuple[str, str], str] = {}
        self._seen: Deployed = {}
        self._runners: dict[tuple[str, str], Runner] = {}
        self._worker = Worker("discovery", self._look, threading.Event())

    def stop(self) -> None:
        """Stop looking, then everything that runs."""
        self._worker.stop()
        for runner in self._runners.values():
            runner.stop()
        self._runners.clear()

    def _look(self) -> float:
        deployed = find_deployed(self._front)
        to_stop, to_start = changes(self._seen, deployed)
        for key in to_stop:
            self._stop(key)
        for key in to_start:
            self._start(key, deployed[key])
        return SECONDS_BETWEEN_LOOKS

    def _stop(self, key: tuple[str, str]) -> None:
        del self._seen[key]
        if runner := self._runners.pop(key, None):
            runner.stop()
            log.info("%s %s stopped", *key)

    def _start(self, key: tuple[str, str], settings: dict) -> None:
        self._seen[key] = settings
        try:
            self._runners[key] = self._runner(key[0], settings)
            log.info("%s %s runs", *key)
        except (UnsupportedSetting, ValueError) as error:
            log.error("not run: %s", error)

    def _runner(self, kind: str, settings: dict) -> Runner:
        if kind == "mapping":
            return StreamMapping(self._front, settings, self._checkpoints)
        return {"pipe": Pipe, "schedule": Schedule}[kind](self._front, settings)


def start_discovery(front: Front) -> Discovery:
    """Begin to look; returns what to stop."""
    return Discovery(front)


def find_deployed(front: Front) -> Deployed:
    """Every enabled mapping, pipe and schedule with all its settings."""
    return {**_mappings(front), **_pipes(front), **_schedules(front)}


def _mappings(front: Front) -> Deployed:
    pages = front.client("lambda").get_paginator("list_event_source_mappings").paginate()
    found = (mapping for page in pages for mapping in page["EventSourceMappings"])
    return {
        ("mapping", mapping["UUID"]): _without_reports(mapping)
        for mapping in found
        if mapping["State"] in ("Enabled", "Creating", "Enabling", "Updating")
    }


def _without_reports(mapping: dict) -> dict:
    """What the service reports about a mapping is not a setting of it."""
    reports = ("LastProcessingResult", "StateTransitionReason", "LastModified", "State")
    return {name: value for name, value in mapping.items() if name not in reports}


def _pipes(front: Front) -> Deployed:
    names = _listed(front.client("pipes"), "list_pipes", "Pipes")
    pipes = (_answer(front.client("pipes").describe_pipe, Name=pipe["Name"]) for pipe in names)
    return {
        ("pipe", pipe["Arn"]): {name: value for name, value in pipe.items() if name != "CurrentState"}
        for pipe in pipes
        if pipe and pipe.get("DesiredState", "RUNNING") == "RUNNING"
    }


def _schedules(front: Front) -> Deployed:
    client = front.client("scheduler")
    listed = _listed(client, "list_schedules", "Schedules")
    schedules = (
        _answer(client.get_schedule, Name=schedule["Name"], GroupName=schedule["GroupName"]) for schedule in listed
    )
    return {
        ("schedule", schedule["Arn"]): schedule
        for schedule in schedules
        if schedule and schedule.get("State", "ENABLED") == "ENABLED"
    }


def _listed(client: Any, operation: str, member: str) -> list[dict]:
    return [item for page in client.get_paginator(operation).paginate() for item in page[member]]


def _answer(call: Callable, **names: str) -> dict | None:
    """What is described, or nothing if it was deleted since it was listed."""
    try:
        answer = call(**names)
    except call.__self__.exceptions.ClientError as error:
        if "NotFound" in error.response["Error"]["Code"]:
            return None
        raise
    answer.pop("ResponseMetadata", None)
    return answer
