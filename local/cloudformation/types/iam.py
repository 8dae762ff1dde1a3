"""IAM roles, inline policies and managed policies."""

from typing import Any

from local.cloudformation.resource import Made, ResourceType, Site, changed, with_absence_ignored
from local.cloudformation.shapes import text

ROLE_SETTINGS = ("Description", "MaxSessionDuration", "PermissionsBoundary", "Path", "Tags")


class Role(ResourceType):
    """AWS::IAM::Role with its inline and attached policies."""

    type = "AWS::IAM::Role"
    name_property = "RoleName"
    properties = frozenset({"RoleName", "AssumeRolePolicyDocument", "Policies", "ManagedPolicyArns", *ROLE_SETTINGS})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the role."""
        given = {name: properties[name] for name in ROLE_SETTINGS if name in properties}
        if "MaxSessionDuration" in given:
            given["MaxSessionDuration"] = int(given["MaxSessionDuration"])
        trust = text(properties["AssumeRolePolicyDocument"])
        iam, name = site.client("iam"), properties["RoleName"]
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **given)["Role"]
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Put the inline policies and attach the managed ones."""
        iam = site.client("iam")
        for policy in properties.get("Policies", []):
            iam.put_role_policy(
                RoleName=made.id, PolicyName=policy["PolicyName"], PolicyDocument=text(policy["PolicyDocument"])
            )
        for arn in properties.get("ManagedPolicyArns", []):
            iam.attach_role_policy(RoleName=made.id, PolicyArn=arn)

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change trust and policies."""
        names, iam = changed(old, new), site.client("iam")
        if fixed := sorted({"RoleName", "Path", "PermissionsBoundary", "Tags"} & set(names)):
            raise self.needs_replacement(fixed)
        if {"Description", "MaxSessionDuration"} & set(names):
            length = int(new.get("MaxSessionDuration", 3600))
            iam.update_role(RoleName=made.id, Description=new.get("Description", ""), MaxSessionDuration=length)
        iam.update_assume_role_policy(RoleName=made.id, PolicyDocument=text(new["AssumeRolePolicyDocument"]))
        for name in _policy_names(old) - _policy_names(new):
            iam.delete_role_policy(RoleName=made.id, PolicyName=name)
        for arn in set(old.get("ManagedPolicyArns", [])) - set(new.get("ManagedPolicyArns", [])):
            iam.detach_role_policy(RoleName=made.id, PolicyArn=arn)
        self.settle(site, made, new)
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the role and the policies that it was made with."""
        iam = site.client("iam")
        for name in _policy_names(properties):
            with_absence_ignored(lambda name=name: iam.delete_role_policy(RoleName=made.id, PolicyName=name))
        for arn in properties.get("ManagedPolicyArns", []):
            with_absence_ignored(lambda arn=arn: iam.detach_role_policy(RoleName=made.id, PolicyArn=arn))
        with_absence_ignored(lambda: iam.delete_role(RoleName=made.id))


def _policy_names(properties: dict[str, Any]) -> set[str]:
    return {policy["PolicyName"] for policy in properties.get("Policies", [])}


class InlinePolicy(ResourceType):
    """AWS::IAM::Policy: the same inline policy in several roles."""

    type = "AWS::IAM::Policy"
    properties = frozenset({"PolicyName", "PolicyDocument", "Roles"})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Put the policy into every role."""
        for role in properties.get("Roles", []):
            site.client("iam").put_role_policy(
                RoleName=role, PolicyName=properties["PolicyName"], PolicyDocument=text(properties["PolicyDocument"])
            )
        return Made(properties["PolicyName"])

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Put the new policy; roles that are no longer named lose it."""
        self.delete(site, made, old)
        return self.create(site, new)

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Take the policy out of the roles."""
        for role in properties.get("Roles", []):
            arguments = {"RoleName": role, "PolicyName": properties["PolicyName"]}
            with_absence_ignored(lambda arguments=arguments: site.client("iam").delete_role_policy(**arguments))


class ManagedPolicy(ResourceType):
    """AWS::IAM::ManagedPolicy."""

    type = "AWS::IAM::ManagedPolicy"
    name_property = "ManagedPolicyName"
    longest_name = 128
    properties = frozenset({"ManagedPolicyName", "PolicyDocument", "Description", "Path", "Roles"})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the policy."""
        given = {name: properties[name] for name in ("Description", "Path") if name in properties}
        document, name = text(properties["PolicyDocument"]), properties["ManagedPolicyName"]
        policy = site.client("iam").create_policy(PolicyName=name, PolicyDocument=document, **given)["Policy"]
        return Made(policy["Arn"], {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Attach the policy to its roles."""
        for role in properties.get("Roles", []):
            site.client("iam").attach_role_policy(RoleName=role, PolicyArn=made.id)

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Make a new default version of the policy and keep only that."""
        names, iam = changed(old, new), site.client("iam")
        if fixed := sorted({"ManagedPolicyName", "Description", "Path"} & set(names)):
            raise self.needs_replacement(fixed)
        before = iam.get_policy(PolicyArn=made.id)["Policy"]["DefaultVersionId"]
        iam.create_policy_version(PolicyArn=made.id, PolicyDocument=text(new["PolicyDocument"]), SetAsDefault=True)
        iam.delete_policy_version(PolicyArn=made.id, VersionId=before)
        for role in set(old.get("Roles", [])) - set(new.get("Roles", [])):
            iam.detach_role_policy(RoleName=role, PolicyArn=made.id)
        self.settle(site, made, new)
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Detach and remove the policy."""
        iam = site.client("iam")
        for role in properties.get("Roles", []):
            with_absence_ignored(lambda role=role: iam.detach_role_policy(RoleName=role, PolicyArn=made.id))
        with_absence_ignored(lambda: iam.delete_policy(PolicyArn=made.id))


TYPES = [Role(), InlinePolicy(), ManagedPolicy()]
