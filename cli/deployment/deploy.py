"""Deploy the stacks of a stage, on AWS or on the local AWS alike."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cli.deployment.artifacts import artifacts, image_uri, upload
from cli.deployment.stacks import Progress, apply, declared_parameters
from cli.deployment.views import sync_views
from contracts.contract import load_contracts
from contracts.errors import PipelineError
from lake.catalog import sync_columns

# In deploy order: a stack reads names that earlier ones left as SSM parameters.
STACKS = (
    "storage",
    "catalog",
    "streams",
    "network",
    "ingestion",
    "compute",
    "evaluation",
    "steps",
    "publishing",
    "processing",
    "reconciliation",
    "catch-up",
    "analytics",
    "queries",
    "query-views",
    "monitoring",
    "undelivered",
    "downstream",
    "validation",
    "quicksight",
    "quicksight-datasets",
    "quicksight-events",
    "quicksight-analysis",
    "quicksight-dashboard",
)
# QuickSight is billed by person: its stacks are deployed where a stage names who owns what is shown.
SWITCHED_ON_BY = {name: "QuickSightPrincipalArn" for name in STACKS if name.startswith("quicksight")}


def deploy(session: Any, stage: str, project: str, root: Path, progress: Progress) -> dict[str, str]:
    """Bring the stacks of a stage to their templates, and the table's columns and views to the contracts.

    Returns "created", "updated" or "unchanged" by stack; `progress` is told (stack name, what happens).
    """
    cloudformation = session.client("cloudformation")
    values = _values(session, stage, project, root)
    outcomes = {}
    for stack in wanted_stacks(values):
        template = root / f"infra/cloudformation/{stack}.yaml"
        chosen = chosen_parameters(template, declared_parameters(cloudformation, template), values)
        name = f"{project}-{stage}-{stack}"
        outcomes[name] = apply(cloudformation, name, template, chosen, _tags(project, stage), progress)
        progress(name, outcomes[name])
        if stack == "storage":
            values |= _uploaded(session, stage, project, root, progress)
        if stack == "catalog":
            _sync_columns(session, stage, project, progress)
    return outcomes


def wanted_stacks(values: dict[str, str]) -> list[str]:
    """The stacks of a stage in deploy order, without those that its settings leave off."""
    return [stack for stack in STACKS if stack not in SWITCHED_ON_BY or values.get(SWITCHED_ON_BY[stack])]


def chosen_parameters(template: Path, declared: dict[str, dict], values: dict[str, str]) -> dict[str, str]:
    """Values for a template's parameters: given ones, else names of SSM parameters; defaults are left to it."""
    chosen = {}
    for name, parameter in declared.items():
        if name in values:
            chosen[name] = values[name]
        elif parameter["ParameterType"].startswith("AWS::SSM::Parameter::Value"):
            chosen[name] = parameter_name(values["Project"], values["Stage"], name)
        elif parameter.get("DefaultValue") is None:
            raise PipelineError(
                f"{template.name} needs a value for {name}, and stage {values['Stage']} has none. "
                f"Add it to infra/stages/{values['Stage']}.json."
            )
    return chosen


def parameter_name(project: str, stage: str, name: str) -> str:
    """`RawBucketName` -> `/tributary/local/raw-bucket-name`."""
    return f"/{project}/{stage}/{re.sub(r'(?<!^)(?=[A-Z])', '-', name).lower()}"


def stage_settings(root: Path, stage: str) -> dict[str, str]:
    """The values that a stage sets, from infra/stages/<stage>.json."""
    path = root / f"infra/stages/{stage}.json"
    if not path.is_file():
        known = sorted(found.stem for found in path.parent.glob("*.json"))
        raise PipelineError(f"there is no stage {stage!r}; there are {known}. Add infra/stages/{stage}.json.")
    return json.loads(path.read_text())


def _values(session: Any, stage: str, project: str, root: Path) -> dict[str, str]:
    settings = stage_settings(root, stage)
    tag = settings.pop("ImageTag", None)
    registry = _registry(session)
    images = {
        "LambdaImageUri": image_uri(root, "lambdas", registry, project, tag),
        "EnrichmentImageUri": image_uri(root, "enrichment", registry, project, tag),
        "ValidationImageUri": image_uri(root, "validation", registry, project, tag),
    }
    return {**images, **settings, "Project": project, "Stage": stage}


def _registry(session: Any) -> str:
    account = session.client("sts").get_caller_identity()["Account"]
    return f"{account}.dkr.ecr.{session.region_name}.amazonaws.com"


def _uploaded(session: Any, stage: str, project: str, root: Path, progress: Progress) -> dict[str, str]:
    """Upload what changed; the keys by template parameter."""
    bucket = _handed_over(session, project, stage, "ArtifactsBucketName")
    found = artifacts(root)
    for artifact in found:
        if upload(session.client("s3"), bucket, artifact):
            progress(f"{project}-{stage}", f"uploaded {artifact.key}")
    return {artifact.parameter: artifact.key for artifact in found}


def _sync_columns(session: Any, stage: str, project: str, progress: Progress) -> None:
    database, contracts = _handed_over(session, project, stage, "DatabaseName"), load_contracts()
    added = sync_columns(database, contracts)
    if added:
        progress(f"{database}.events", f"added columns: {', '.join(outermost(added))}")
    # A view names columns, so that they come first.
    for view in sync_views(session.client("glue"), database, contracts):
        progress(f"{database}.{view}", "view written")


def outermost(columns: list[str]) -> list[str]:
    """Columns that are no member of another one: `a.b` goes without saying beside `a`."""
    return [name for name in columns if not any(name.startswith(f"{other}.") for other in columns)]


def _handed_over(session: Any, project: str, stage: str, name: str) -> str:
    ssm = session.client("ssm")
    return ssm.get_parameter(Name=parameter_name(project, stage, name))["Parameter"]["Value"]


def _tags(project: str, stage: str) -> dict[str, str]:
    return {"project": project, "stage": stage}
