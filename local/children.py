"""The processes that stand for containers: each a group of its own, none outliving the local AWS."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

_REAPER = Path(__file__).with_name("reaper.py")


class Children:
    """Starts processes and sees to it that they, and what they started, end."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_REAPER)],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: dict[str, str],
        output: int,
        on_exit: Callable[[int], None],
    ) -> subprocess.Popen:
        """Start `command`, its stdout and stderr going to the file descriptor `output`."""
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._note("+", process)
        threading.Thread(target=self._await_exit, args=(process, on_exit), daemon=True).start()
        return process

    def stop(self) -> None:
        """Kill every process that is still running."""
        with self._lock:
            running = list(self._running)
        for process in running:
            send(process, signal.SIGKILL)
        for process in running:
            process.wait()
        self._reaper.stdin.close()
        self._reaper.wait()

    def _await_exit(self, process: subprocess.Popen, on_exit: Callable[[int], None]) -> None:
        code = process.wait()
        _send_to_group(process.pid, signal.SIGKILL)  # what it started and left running
        self._note("-", process)
        on_exit(code)

    def _note(self, change: str, process: subprocess.Popen) -> None:
        with self._lock, contextlib.suppress(ValueError, BrokenPipeError):
            (self._running.add if change == "+" else self._running.discard)(process)
            self._reaper.stdin.write(f"{change}{process.pid}\n")
            self._reaper.stdin.flush()


def send(process: subprocess.Popen, signal_number: int) -> None:
    """Send a signal to a process and everything it started, if it is still running."""
    if process.poll() is None:
        _send_to_group(process.pid, signal_number)


def _send_to_group(pid: int, signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal_number)
