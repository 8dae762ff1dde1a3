"""A local AWS that one test module alone uses, reached as a user reaches it: by the command and by boto3."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOYED = (
    "contracts",
    "lake",
    "pages",
    "quality",
    "lambdas",
    "jobs",
    "enrichment",
    "expectations",
    "validation",
    "notebooks",
    "infra",
    "local",
    "cli",
)


class Etl:
    """Runs the command against its own local AWS, of this project or of a copy that a test may change."""

    def __init__(self, folder: Path, project: Path | None = None):
        self.folder = folder
        foreign = [name for name in os.environ if name.startswith("AWS_")]
        self._environment = {k: v for k, v in os.environ.items() if k not in foreign}
        self._environment["TRIBUTARY_STATE_DIR"] = str(folder)
        self._project = project or ROOT
        self._command = [Path(sys.executable).with_name("etl")]
        if project:
            self._command = [sys.executable, "-m", "cli.main"]

    def __call__(self, *arguments, expected=0, stdin=None):
        options = {"env": self._environment, "cwd": self._project, "input": stdin, "capture_output": True}
        done = subprocess.run([*self._command, *arguments], **options, text=True)
        assert done.returncode == expected, f"etl {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def stored(self):
        """Identities of the table's rows, sorted."""
        rows = json.loads(self("query", "--json", "SELECT source, event_id FROM events"))
        return sorted((row["source"], row["event_id"]) for row in rows)

    def downstream(self):
        """Identities of the records on the downstream stream, sorted; one that was sent again is there again."""
        events = map(json.loads, self("tail", "--json", "--no-follow", "--since", "1d").splitlines())
        return sorted((event["source"], event["id"]) for event in events)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of what is deployed."""
    copy = tmp_path_factory.mktemp("project")
    for name in DEPLOYED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "uv.lock", ".dockerignore"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def etl_of_copy(project, tmp_path_factory):
    run = Etl(tmp_path_factory.mktemp("state"), project)
    run("up")
    yield run
    run("down")


@pytest.fixture(scope="module")
def etl(tmp_path_factory):
    run = Etl(tmp_path_factory.mktemp("state"))
    run("up")
    yield run
    run("down")
