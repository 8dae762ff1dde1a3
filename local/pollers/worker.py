"""A thread that repeats one step until it is stopped."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

SECONDS_AFTER_ERROR = 1.0


class Worker:
    """Repeats `step`, which returns the seconds to pause, or None when all is done."""

    def __init__(self, name: str, step: Callable[[], float | None], stopped: threading.Event):
        self.name, self._step, self._stopped = name, step, stopped
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ask the thread to end after the call it is in, and wait a moment for it."""
        self._stopped.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped.is_set():
            pause = self._next_pause()
            if pause is None:
                return
            self._stopped.wait(pause)

    def _next_pause(self) -> float | None:
        try:
            return self._step()
        except Exception as error:
            if self._stopped.is_set():
                return None
            log.exception("%s: %s; going on in %s s", self.name, error, SECONDS_AFTER_ERROR)
            return SECONDS_AFTER_ERROR
