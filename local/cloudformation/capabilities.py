"""The caller's word for templates that make roles and policies."""

from typing import Any

from local.front import AwsError

NAMES = {"AWS::IAM::Role": "RoleName", "AWS::IAM::ManagedPolicy": "ManagedPolicyName"}


def check_capabilities(template: dict[str, Any], given: list[str]) -> None:
    """Refuse a template that makes roles or policies unless the caller acknowledged it, as AWS does."""
    resources = [one for one in template["Resources"].values() if one["Type"].startswith("AWS::IAM::")]
    named = any(NAMES.get(one["Type"]) in (one.get("Properties") or {}) for one in resources)
    needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
    if resources and not {needed, "CAPABILITY_NAMED_IAM"} & set(given):
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")
