"""A front over moto without pollers or compute: the smallest local AWS that a test can start."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from moto.awslambda.models import LambdaBackend
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local.front import Front


class QuickHandler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code="-", size="-"):
        """Requests would drown what matters."""


@contextmanager
def running_front() -> Iterator[Front]:
    """Empty at first; Moto delivers no stream record by itself here and executes no state machine."""
    # Tests of another folder may have left something in this process.
    BackendDict.reset()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LambdaBackend, "send_kinesis_message", lambda *_, **__: None)
        patch.setitem(default_user_config["stepfunctions"], "execute_state_machine", False)
        front = Front(DomainDispatcherApplication(create_backend_app), "")
        server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=QuickHandler)
        front.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield front
        server.shutdown()
        server.server_close()
        BackendDict.reset()


@pytest.fixture
def front() -> Iterator[Front]:
    """A front for one test."""
    with running_front() as running:
        yield running


@pytest.fixture(scope="module")
def module_front() -> Iterator[Front]:
    """A front for all tests of a module, where what they read is the same."""
    with running_front() as running:
        yield running


@pytest.fixture
def eventually() -> Callable:
    """Waits until `condition()` is true and returns its value."""

    def wait(condition: Callable, seconds: float = 15):
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"not true within {seconds} s"
            time.sleep(0.05)
        return value

    return wait
