"""The local AWS as one process: moto, the front, the compute runtimes and the pollers.

Its state lives in memory: what was deployed and stored is lost when the server stops.
"""

import argparse
import json
import logging
import os
import signal
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.core.model_instances import reset_model_data
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from local import athena, cloudformation, ecs_runtime, glue_runtime, lambda_runtime, mends, pollers
from local.children import Children
from local.front import HEALTH_PATH, Front
from local.images import Images
from local.log_sink import LogSink

log = logging.getLogger(__name__)


class QuickHandler(MotoRequestHandler):
    """Keeps connections open and sends small answers at once (89 ms -> 11 ms a call)."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Requests are not logged: they would drown what matters."""


@dataclass
class Server:
    """A running local AWS."""

    url: str
    front: Front
    http: BaseWSGIServer
    parts: list[Any]

    def stop(self) -> None:
        """Stop pollers, compute processes and logs, then the HTTP server, then forget all state."""
        for part in reversed(self.parts):
            part.stop()
        self.http.shutdown()
        self.http.server_close()
        BackendDict.reset()
        reset_model_data()


def serve(port: int, state_dir: Path, root: Path) -> Server:
    """Start the local AWS in this process; port 0 takes a free one, `root` is where images are built from."""
    port = port or _free_port()
    _configure_moto(port)
    front = Front(DomainDispatcherApplication(create_backend_app), f"http://127.0.0.1:{port}")
    front.route(lambda request: request.path == HEALTH_PATH, _health)
    for room in (mends, cloudformation, athena):
        room.install(front)
    parts = _install_compute(front, state_dir, root)
    http = make_server("127.0.0.1", port, front, threaded=True, request_handler=QuickHandler)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return Server(front.url, front, http, [*parts, pollers.start(front)])


def _install_compute(front: Front, state_dir: Path, root: Path) -> list[Any]:
    """In the order of their stopping, last first: runtimes take no more work, processes end, logs are flushed."""
    children, logs = Children(), LogSink(front.client("logs"))
    images = Images(root, state_dir / "images")
    return [
        logs,
        children,
        lambda_runtime.install(front, images, children, logs),
        glue_runtime.install(front, children, logs, state_dir / "glue"),
        ecs_runtime.install(front, images, children, logs),
    ]


def _configure_moto(port: int) -> None:
    os.environ.update(MOTO_PORT=str(port), MOTO_EC2_LOAD_DEFAULT_AMIS="false")
    default_user_config["stepfunctions"]["execute_state_machine"] = True


def _health(request: Request) -> Response:
    return Response(json.dumps({"status": "ready", "pid": os.getpid()}), content_type="application/json")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    """`python -m local.server`: serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=4570)
    parser.add_argument("--state-dir", type=Path, default=Path(".local"))
    parser.add_argument("--root", type=Path, default=Path.cwd())
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("werkzeug", "botocore", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    server = serve(options.port, options.state_dir, options.root)
    log.info("the local AWS answers at %s", server.url)
    stopped.wait()
    server.stop()


if __name__ == "__main__":
    main()
