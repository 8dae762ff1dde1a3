"""A whole local AWS in this process, over a small repository of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.server import Server, serve


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root that images are built from; tests write their files into it."""
    return tmp_path_factory.mktemp("repository")


@pytest.fixture(scope="module")
def server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One local AWS for the tests of a module."""
    server = serve(0, tmp_path_factory.mktemp("state"), repository)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def role(server: Server) -> str:
    """A role that every service may assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    created = server.front.client("iam").create_role(
        RoleName="compute",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    return created["Role"]["Arn"]
