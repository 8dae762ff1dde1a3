"""The background server: started once, found again, stopped with all its processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from local import lifecycle
from local.children import Children
from local.lifecycle import LocalAwsError


@pytest.fixture
def root(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("TRIBUTARY_STATE_DIR", raising=False)
    yield tmp_path
    lifecycle.stop(tmp_path)


@pytest.mark.slow
def test_it_starts_once_answers_and_stops(root):
    running = lifecycle.start(root)
    assert json.loads((root / ".local/server.json").read_text())["pid"] == running.pid
    assert lifecycle.start(root) == lifecycle.status(root) == running
    environment = lifecycle.connection(root)
    assert environment["AWS_ENDPOINT_URL"] == running.url
    client = boto3.client("s3", endpoint_url=running.url, aws_access_key_id="local", aws_secret_access_key="local")
    assert client.list_buckets()["Buckets"] == []
    assert lifecycle.stop(root)
    assert lifecycle.status(root) is None and not lifecycle.stop(root)


@pytest.mark.slow
def test_a_server_that_was_killed_is_recognised(root):
    running = lifecycle.start(root)
    os.kill(running.pid, signal.SIGKILL)
    os.waitpid(running.pid, 0)
    assert lifecycle.status(root) is None
    assert not (root / ".local/server.json").exists()


def test_a_port_that_is_taken_is_told(root):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(LocalAwsError, match=f"port {taken.getsockname()[1]} is taken"):
            lifecycle.start(root, port=taken.getsockname()[1])


@pytest.mark.slow
def test_a_port_taken_between_look_and_start_is_given_up_for_another(root, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(lifecycle, "_chosen", lambda asked: port)
        running = lifecycle.start(root)
    assert running.port != port
    assert lifecycle.status(root) == running


def test_no_connection_without_a_server(root):
    with pytest.raises(LocalAwsError, match="start it with `etl up`"):
        lifecycle.connection(root)


def test_a_file_of_a_server_that_is_gone_is_not_believed(root):
    gone = subprocess.Popen(["true"])
    gone.wait()
    (root / ".local").mkdir()
    stale = {"pid": gone.pid, "port": 1, "url": "http://127.0.0.1:1", "stage": "local", "started_at": "before"}
    (root / ".local/server.json").write_text(json.dumps(stale))
    assert lifecycle.status(root) is None
    assert not (root / ".local/server.json").exists()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until_ended(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_children_end_with_what_they_started(tmp_path):
    children = Children()
    script = "sleep 60 & echo $! > inner; echo ready > ready; wait"
    process = children.start(
        ["sh", "-c", script], cwd=tmp_path, env=dict(os.environ), output=1, on_exit=lambda code: None
    )
    while not (tmp_path / "ready").exists():
        time.sleep(0.02)
    children.stop()
    until_ended(process.pid)
    until_ended(int((tmp_path / "inner").read_text()))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_children_do_not_outlive_a_killed_server(tmp_path):
    script = (
        "import os, time; from pathlib import Path; from local.children import Children\n"
        "process = Children().start(['sleep', '60'], cwd=Path('.'), env=dict(os.environ), output=1, "
        "on_exit=lambda code: None)\n"
        "Path('pid').write_text(str(process.pid)); Path('ready').touch(); time.sleep(60)"
    )
    killed = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    while not (tmp_path / "ready").exists():
        assert killed.poll() is None
        time.sleep(0.02)
    pid = int((tmp_path / "pid").read_text())
    assert is_running(pid)
    killed.kill()
    killed.wait()
    until_ended(pid)
