"""Security groups and their rules."""

from typing import Any

from local.cloudformation.refusal import Refused
from local.cloudformation.resource import Made, ResourceType, Site, changed, with_absence_ignored
from local.cloudformation.shapes import text
from local.cloudformation.types.network import tagged


class SecurityGroup(ResourceType):
    """AWS::EC2::SecurityGroup with its rules."""

    type = "AWS::EC2::SecurityGroup"
    name_property = "GroupName"
    longest_name = 255
    properties = frozenset(
        {"GroupName", "GroupDescription", "VpcId", "SecurityGroupIngress", "SecurityGroupEgress", "Tags"}
    )

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the group."""
        given = {"GroupName": properties["GroupName"], "Description": properties["GroupDescription"]}
        if "VpcId" in properties:
            given["VpcId"] = properties["VpcId"]
        given |= tagged("security-group")({"Tags": properties["Tags"]} if "Tags" in properties else {})
        group = site.client("ec2").create_security_group(**given)["GroupId"]
        return Made(group, {"GroupId": group, "VpcId": properties.get("VpcId", "")})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Put the rules; own egress rules take the place of the one that allows everything."""
        ec2 = site.client("ec2")
        if ingress := permissions(properties.get("SecurityGroupIngress", [])):
            ec2.authorize_security_group_ingress(GroupId=made.id, IpPermissions=ingress)
        if "SecurityGroupEgress" in properties:
            _revoke_egress(ec2, made.id)
            if egress := permissions(properties["SecurityGroupEgress"]):
                ec2.authorize_security_group_egress(GroupId=made.id, IpPermissions=egress)

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Put the rules again."""
        if fixed := sorted({"GroupName", "GroupDescription", "VpcId", "Tags"} & set(changed(old, new))):
            raise self.needs_replacement(fixed)
        if ingress := permissions(old.get("SecurityGroupIngress", [])):
            site.client("ec2").revoke_security_group_ingress(GroupId=made.id, IpPermissions=ingress)
        self.settle(site, made, new)
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the group."""
        with_absence_ignored(lambda: site.client("ec2").delete_security_group(GroupId=made.id))


class SecurityGroupRule(ResourceType):
    """AWS::EC2::SecurityGroupIngress and AWS::EC2::SecurityGroupEgress."""

    def __init__(self, direction: str):
        self.type, self._direction = f"AWS::EC2::SecurityGroup{direction.title()}", direction
        self.properties = frozenset({"GroupId", *RULE_KEYS})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Add the rule."""
        self._do(site, "authorize", properties)
        return Made(site.generated_name())

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Take the rule away."""
        with_absence_ignored(lambda: self._do(site, "revoke", properties))

    def _do(self, site: Site, verb: str, properties: dict[str, Any]) -> None:
        rule = {name: value for name, value in properties.items() if name != "GroupId"}
        call = getattr(site.client("ec2"), f"{verb}_security_group_{self._direction}")
        call(GroupId=properties["GroupId"], IpPermissions=permissions([rule]))


RULE_SOURCES = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
}
RULE_KEYS = {"IpProtocol", "FromPort", "ToPort", "Description", *RULE_SOURCES}


def permissions(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Security group rules as the API takes them."""
    return [_permission(rule) for rule in rules]


def _permission(rule: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(rule) - RULE_KEYS):
        raise Refused(f"security group rule: {unknown} not supported")
    made: dict[str, Any] = {"IpProtocol": text(rule["IpProtocol"])}
    made |= {name: int(rule[name]) for name in ("FromPort", "ToPort") if name in rule}
    description = {"Description": rule["Description"]} if "Description" in rule else {}
    for name, (group, key) in RULE_SOURCES.items():
        if name in rule:
            made[group] = [{key: rule[name], **description}]
    return made


def _revoke_egress(ec2: Any, group: str) -> None:
    present = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
    if present:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=present)


TYPES = [SecurityGroup(), SecurityGroupRule("ingress"), SecurityGroupRule("egress")]
