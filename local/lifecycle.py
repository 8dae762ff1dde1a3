"""Start, stop and find the local AWS of a repository: a background process whose address is in `.local/`.

What was deployed into it and stored in it lives in that process: stopping it forgets everything.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from contracts.errors import PipelineError
from local.front import HEALTH_PATH, REGION

DEFAULT_PORT = 4570
START_LIMIT_SECONDS = 120  # a busy laptop; an idle one takes about five
STOP_LIMIT_SECONDS = 20


class LocalAwsError(PipelineError):
    """The local AWS did not start, did not stop, or is not there."""


@dataclass(frozen=True)
class Running:
    """A local AWS that answers."""

    pid: int
    port: int
    url: str
    stage: str
    started_at: str


def start(root: Path, stage: str = "local", port: int | None = None) -> Running:
    """Start the local AWS of the repository at `root`, unless it runs; returns when it answers."""
    running = status(root)
    if running:
        return running
    folder = state_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = _chosen(port)
    try:
        pid = _launched(root, folder, chosen)
    except LocalAwsError:
        # Another repository's may have taken the port since it was looked at.
        if port is not None or _is_free(chosen):
            raise
        chosen = _any_free()
        pid = _launched(root, folder, chosen)
    running = Running(pid, chosen, _url(chosen), stage, datetime.now(UTC).isoformat(timespec="seconds"))
    _file(root).write_text(json.dumps(asdict(running), indent=2))
    return running


def _launched(root: Path, folder: Path, port: int) -> int:
    """Id of the process that answers at the port; its output is in the folder."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.server", f"--port={port}", f"--state-dir={folder}", f"--root={root}"],
            cwd=root, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    _await_answer(process, port, folder / "server.log")
    return process.pid


def stop(root: Path) -> bool:
    """Stop the local AWS of the repository at `root`; False when there was none."""
    running = status(root)
    if not running:
        return False
    os.kill(running.pid, signal.SIGTERM)
    if not _gone(running.pid, STOP_LIMIT_SECONDS):
        os.kill(running.pid, signal.SIGKILL)
        _gone(running.pid, STOP_LIMIT_SECONDS)
    _file(root).unlink(missing_ok=True)
    return True


def status(root: Path) -> Running | None:
    """The local AWS of the repository at `root`, if it answers; what a dead one left behind is removed."""
    try:
        running = Running(**json.loads(_file(root).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if _answering_pid(running.port) == running.pid:
        return running
    if not _is_alive(running.pid):
        _file(root).unlink(missing_ok=True)
    return None


def connection(root: Path) -> dict[str, str]:
    """The environment that makes any AWS client talk to the local AWS of `root`."""
    running = status(root)
    if not running:
        raise LocalAwsError(f"no local AWS runs for {root}: start it with `etl up`")
    return {
        "AWS_ENDPOINT_URL": running.url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def state_folder(root: Path) -> Path:
    """Where the local AWS of `root` keeps its address and its files; TRIBUTARY_STATE_DIR names another place."""
    return Path(os.environ.get("TRIBUTARY_STATE_DIR") or root / ".local").resolve()


def _file(root: Path) -> Path:
    return state_folder(root) / "server.json"


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _chosen(port: int | None) -> int:
    """The port asked for, which must be free; else the default one or, if that is taken, any free one."""
    if port is None:
        return DEFAULT_PORT if _is_free(DEFAULT_PORT) else _any_free()
    if not _is_free(port):
        raise LocalAwsError(f"port {port} is taken by another process: choose another one, or stop that process")
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_answer(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while _answering_pid(port) != process.pid:
        if process.poll() is not None:
            raise LocalAwsError(f"the local AWS ended with status {process.returncode} ({log}):\n{_end_of(log)}")
        if time.monotonic() > deadline:
            process.kill()
            raise LocalAwsError(f"the local AWS did not answer in {START_LIMIT_SECONDS} s ({log}):\n{_end_of(log)}")
        time.sleep(0.05)


def _answering_pid(port: int) -> int | None:
    with contextlib.suppress(URLError, OSError, ValueError), urlopen(_url(port) + HEALTH_PATH, timeout=5) as answer:
        return json.load(answer)["pid"]
    return None


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def _gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):  # when it is a child of ours, its end must be read
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
