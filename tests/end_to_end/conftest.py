"""A local AWS that one test module alone uses, reached as a user reaches it: by the command and by boto3."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


class Etl:
    """Runs the command against its own local AWS."""

    def __init__(self, folder: Path):
        self.folder = folder
        foreign = [name for name in os.environ if name.startswith("AWS_")]
        self._environment = {k: v for k, v in os.environ.items() if k not in foreign}
        self._environment["TRIBUTARY_STATE_DIR"] = str(folder)

    def __call__(self, *arguments, expected=0, stdin=None):
        command = [Path(sys.executable).with_name("etl"), *arguments]
        done = subprocess.run(command, env=self._environment, input=stdin, capture_output=True, text=True)
        assert done.returncode == expected, f"etl {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def etl(tmp_path_factory):
    run = Etl(tmp_path_factory.mktemp("state"))
    run("up")
    yield run
    run("down")
