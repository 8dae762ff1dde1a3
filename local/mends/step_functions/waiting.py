"""Waiting for the work of a `.sync` state.

moto looks every half second, and when the state times out or the execution is stopped it leaves the work going.
Step Functions stops the work. Looking more often costs nothing here.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback as callback,
)

from local.front import Front

LOOK_EVERY_SECONDS = 0.05
log = logging.getLogger(__name__)
moto_seconds = callback._DELAY_SECONDS_SYNC_CONDITION_CHECK
moto_wait = callback.StateTaskServiceCallback._eval_sync


@dataclass
class Awaited:
    """Work that is asked about by calling it, and that can be stopped."""

    ask: Callable[[], Any]
    stop: Callable[[], Any]
    outcome: Any = None

    def __call__(self) -> Any:
        self.outcome = self.ask()
        return self.outcome


def install(front: Front) -> None:
    """Look often; stop what nobody waits for."""
    callback._DELAY_SECONDS_SYNC_CONDITION_CHECK = LOOK_EVERY_SECONDS
    callback.StateTaskServiceCallback._eval_sync = wait


def wait(service: Any, env: Any, sync_resolver: Callable[[], Any], **options: Any) -> Any:
    """Wait for the work; stop it when the state has ended without its outcome."""
    outcome = moto_wait(service, env=env, sync_resolver=sync_resolver, **options)
    if isinstance(sync_resolver, Awaited) and sync_resolver.outcome is None:
        _stop(sync_resolver)
    return outcome


def _stop(work: Awaited) -> None:
    try:
        work.stop()
    except Exception as error:
        log.warning("work that nobody waits for could not be stopped: %s", error)
