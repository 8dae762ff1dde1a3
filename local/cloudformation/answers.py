"""How stacks, resources and change sets are told by the API."""

from typing import Any

from local.cloudformation.stack import Stack
from local.cloudformation.stacks import ChangeSet


def stack(one: Stack) -> dict[str, Any]:
    """A stack as DescribeStacks tells it."""
    return {
        **summary(one),
        "Description": one.description or None,
        "StackStatusReason": one.reason or None,
        "Parameters": _parameters(one.values),
        "Outputs": one.outputs,
        "Capabilities": one.capabilities,
        "Tags": one.tags,
        "DisableRollback": one.disable_rollback,
        "NotificationARNs": [],
        "EnableTerminationProtection": False,
    }


def summary(one: Stack) -> dict[str, Any]:
    """A stack as ListStacks tells it."""
    return {
        "StackName": one.name,
        "StackId": one.id,
        "StackStatus": one.status,
        "CreationTime": one.created_at,
        "LastUpdatedTime": one.updated_at,
        "DeletionTime": one.deleted_at,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def resource(one: Stack, name: str) -> dict[str, Any]:
    """A resource of a stack, in all the spellings that the API has for it."""
    deployed = one.resources[name]
    return {
        "StackName": one.name,
        "StackId": one.id,
        "LogicalResourceId": name,
        "PhysicalResourceId": deployed.made.id,
        "ResourceType": deployed.type,
        "ResourceStatus": deployed.status,
        "Timestamp": deployed.changed_at,
        "LastUpdatedTimestamp": deployed.changed_at,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def change_set(one: ChangeSet) -> dict[str, Any]:
    """A change set as DescribeChangeSet tells it."""
    return {
        "ChangeSetId": one.id,
        "ChangeSetName": one.name,
        "StackId": one.stack.id,
        "StackName": one.stack.name,
        "Status": one.status,
        "StatusReason": one.reason or None,
        "ExecutionStatus": one.execution_status,
        "CreationTime": one.created_at,
        "Parameters": _parameters(one.values),
        "Capabilities": one.capabilities,
        "Tags": one.tags,
        "Changes": one.changes,
    }


def template_summary(parsed: dict[str, Any]) -> dict[str, Any]:
    """A template as ValidateTemplate and GetTemplateSummary tell it."""
    declared = (parsed.get("Parameters") or {}).items()
    has_roles = any(one["Type"].startswith("AWS::IAM::") for one in parsed["Resources"].values())
    return {
        "Description": parsed.get("Description"),
        "Parameters": [_declaration(name, one) for name, one in declared],
        "ResourceTypes": sorted({one["Type"] for one in parsed["Resources"].values()}),
        "Capabilities": ["CAPABILITY_NAMED_IAM"] if has_roles else [],
    }


def _declaration(name: str, declared: dict[str, Any]) -> dict[str, Any]:
    default = declared.get("Default")
    return {
        "ParameterKey": name,
        "ParameterType": declared.get("Type", "String"),
        "DefaultValue": None if default is None else str(default),
        "NoEcho": bool(declared.get("NoEcho", False)),
        "Description": declared.get("Description"),
    }


def _parameters(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
