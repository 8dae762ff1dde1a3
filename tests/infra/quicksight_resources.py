"""The resources of QuickSight as CloudFormation would make them: templates with every function filled in."""

import functools
from pathlib import Path

from local.cloudformation.intrinsics import Scope
from local.cloudformation.template import parse

TEMPLATES = Path(__file__).parents[2] / "infra/cloudformation"
NAMES = ("quicksight", "quicksight-datasets", "quicksight-events", "quicksight-analysis", "quicksight-dashboard")
OWNER = "arn:aws:quicksight:eu-west-1:123456789012:group/default/owners"
PSEUDO = {"AWS::AccountId": "123456789012", "AWS::Region": "eu-west-1", "AWS::Partition": "aws"}


@functools.cache
def read(name):
    return parse((TEMPLATES / f"{name}.yaml").read_text())


def resolved(name, **given):
    """The resources of a template with every function filled in: an ARN for each name that is handed over."""
    template = read(name)
    buckets = {"ProcessedBucketName": "processed", "ErrorBucketName": "error"}
    values = {"Stage": "dev", "QuickSightPrincipalArn": OWNER, "DatabaseName": "tributary_dev", **buckets, **given}
    parameters = {
        key: values.get(key, declared.get("Default", f"arn:aws:quicksight:eu-west-1:123456789012:{key}"))
        for key, declared in template["Parameters"].items()
    }
    attributes = {logical: {"Arn": f"arn:aws:any:::{logical}"} for logical in template["Resources"]}
    names = {**{logical: logical for logical in template["Resources"]}, **PSEUDO, **parameters}
    scope = Scope(template, names, {}, lambda *_: "", attributes)
    return {
        logical: (one["Type"], scope.resolve(one["Properties"]))
        for logical, one in template["Resources"].items()
        if "Condition" not in one or scope.holds(one["Condition"])
    }


def described():
    """Every resource of QuickSight by template and logical id, with all that can be switched on."""
    on = {"QuickSightReaderArn": OWNER, "QuickSightFolderName": "Shop"}
    return {(name, logical): one for name in NAMES for logical, one in resolved(name, **on).items()}


def data_sets():
    """The datasets by the name that definitions declare."""
    found = [properties for kind, properties in described().values() if kind.endswith("DataSet")]
    return {one["LogicalTableMap"]["described"]["Alias"]: one for one in found}


def kinds(data_set):
    """QuickSight's types of the columns of a dataset."""
    return {c["Name"]: c["Type"] for c in data_set["PhysicalTableMap"]["view"]["RelationalTable"]["InputColumns"]}
