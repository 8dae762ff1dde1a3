"""How a command reaches AWS: the session, and the names that the stacks handed over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from contracts.errors import ConfigurationError, PipelineError

ROOT = Path(__file__).parents[1]
PROJECT = "tributary"
LOCAL = "local"


@dataclass(frozen=True)
class Stage:
    """A deployed stage: clients, and names by what the stacks call them."""

    name: str
    project: str
    session: Any

    def client(self, service: str) -> Any:
        """A client that rides out throttling."""
        from botocore.config import Config

        return self.session.client(service, config=Config(retries={"mode": "standard", "max_attempts": 6}))

    @cached_property
    def s3(self) -> Any:
        return self.client("s3")

    @cached_property
    def _handed_over(self) -> dict[str, str]:
        prefix = f"/{self.project}/{self.name}/"
        pages = self.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix, Recursive=True)
        return {p["Name"].removeprefix(prefix): p["Value"] for page in pages for p in page["Parameters"]}

    def handed_over(self, name: str) -> str:
        """A value that a stack left as an SSM parameter, such as `raw-bucket-name`."""
        if name not in self._handed_over:
            raise PipelineError(
                f"stage {self.name} has no SSM parameter /{self.project}/{self.name}/{name}: the stack that leaves it "
                f"is not deployed. Run `{_deploying(self.name)}`."
            )
        return self._handed_over[name]

    def bucket(self, zone: str) -> str:
        """The bucket of a zone: raw, error, staging, processed, reference, reports."""
        return self.handed_over(f"{zone}-bucket-name")


def open_stage(name: str) -> Stage:
    """The stage, by the environment's AWS settings or by those of the local AWS that is running here."""
    point_to_local_aws(name)
    return Stage(name, PROJECT, new_session())


def new_session() -> Any:
    """A session with a region; ConfigurationError where none is set."""
    import boto3

    session = boto3.Session()
    if not session.region_name:
        raise ConfigurationError("no AWS region is set; expected one. Set AWS_REGION, or a region in the AWS profile.")
    return session


def point_to_local_aws(stage: str) -> None:
    """Give this process the variables of the running local AWS, unless the environment names an endpoint."""
    if stage != LOCAL or os.environ.get("AWS_ENDPOINT_URL"):
        return
    from local import lifecycle

    use(lifecycle.connection(ROOT))


def use(variables: Mapping[str, str]) -> None:
    """Point boto3, pyiceberg and child processes of this process at an AWS."""
    # Else a profile or a session token of the user's would win over, or spoil, the local credentials.
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(variables)


def _deploying(stage: str) -> str:
    return "etl up" if stage == LOCAL else f"etl deploy --stage {stage}"
