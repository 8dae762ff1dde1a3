"""VPCs, subnets, routes and endpoints."""

from typing import Any

from local.cloudformation.resource import ApiResource, Made, Read, ResourceType, Site, with_absence_ignored
from local.cloudformation.shapes import boolean

TAGS = frozenset({"TagSpecifications"})
DNS = ("EnableDnsSupport", "EnableDnsHostnames")


def tagged(kind: str):
    """Tags as EC2 takes them: with the kind of what they are put on."""

    def adapt(properties: dict[str, Any]) -> dict[str, Any]:
        if "Tags" not in properties:
            return properties
        rest = {name: value for name, value in properties.items() if name != "Tags"}
        return {**rest, "TagSpecifications": [{"ResourceType": kind, "Tags": properties["Tags"]}]}

    return adapt


class Vpc(ApiResource):
    """AWS::EC2::VPC; the DNS settings go by calls of their own."""

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the VPC."""
        made = super().create(site, _without_dns(properties))
        groups = site.client("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [made.id]}])
        default = groups["SecurityGroups"][0]["GroupId"]
        return Made(made.id, {**made.attributes, "VpcId": made.id, "DefaultSecurityGroup": default})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Set the DNS attributes, one a call."""
        for name in (name for name in DNS if name in properties):
            value = {"Value": boolean(properties[name])}
            site.client("ec2").modify_vpc_attribute(VpcId=made.id, **{name: value})

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read all but the DNS attributes back."""
        super().verify(site, made, _without_dns(properties))


def _without_dns(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in DNS}


class Subnet(ApiResource):
    """AWS::EC2::Subnet; mapping public addresses goes by a call of its own."""

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the subnet."""
        return super().create(site, _without_mapping(properties))

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Let instances have public addresses."""
        if "MapPublicIpOnLaunch" in properties:
            value = {"Value": boolean(properties["MapPublicIpOnLaunch"])}
            site.client("ec2").modify_subnet_attribute(SubnetId=made.id, MapPublicIpOnLaunch=value)

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read all but the mapping back."""
        super().verify(site, made, _without_mapping(properties))


def _without_mapping(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "MapPublicIpOnLaunch"}


class GatewayAttachment(ResourceType):
    """AWS::EC2::VPCGatewayAttachment of an internet gateway."""

    type = "AWS::EC2::VPCGatewayAttachment"
    properties = frozenset({"VpcId", "InternetGatewayId"})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Attach the gateway."""
        site.client("ec2").attach_internet_gateway(**properties)
        return Made(f"IGW|{properties['VpcId']}")

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Detach the gateway."""
        with_absence_ignored(lambda: site.client("ec2").detach_internet_gateway(**properties))


TYPES = [
    Vpc(
        type="AWS::EC2::VPC",
        service="ec2",
        create_call="create_vpc",
        id="{answer[Vpc][VpcId]}",
        attributes={"CidrBlock": "{CidrBlock}"},
        adapt=tagged("vpc"),
        deletion=("delete_vpc", {"VpcId": "{id}"}),
        read=Read("describe_vpcs", {"VpcIds": ["{id}"]}, "Vpcs.0"),
        unread=TAGS,
    ),
    Subnet(
        type="AWS::EC2::Subnet",
        service="ec2",
        create_call="create_subnet",
        id="{answer[Subnet][SubnetId]}",
        attributes={
            "SubnetId": "{id}",
            "AvailabilityZone": "{answer[Subnet][AvailabilityZone]}",
            "CidrBlock": "{CidrBlock}",
            "VpcId": "{VpcId}",
        },
        adapt=tagged("subnet"),
        deletion=("delete_subnet", {"SubnetId": "{id}"}),
        read=Read("describe_subnets", {"SubnetIds": ["{id}"]}, "Subnets.0"),
        unread=TAGS,
    ),
    ApiResource(
        type="AWS::EC2::InternetGateway",
        service="ec2",
        create_call="create_internet_gateway",
        id="{answer[InternetGateway][InternetGatewayId]}",
        attributes={"InternetGatewayId": "{id}"},
        adapt=tagged("internet-gateway"),
        deletion=("delete_internet_gateway", {"InternetGatewayId": "{id}"}),
    ),
    GatewayAttachment(),
    ApiResource(
        type="AWS::EC2::RouteTable",
        service="ec2",
        create_call="create_route_table",
        id="{answer[RouteTable][RouteTableId]}",
        attributes={"RouteTableId": "{id}"},
        adapt=tagged("route-table"),
        deletion=("delete_route_table", {"RouteTableId": "{id}"}),
        read=Read("describe_route_tables", {"RouteTableIds": ["{id}"]}, "RouteTables.0"),
        unread=TAGS,
    ),
    ApiResource(
        type="AWS::EC2::Route",
        service="ec2",
        create_call="create_route",
        id="{RouteTableId}|{DestinationCidrBlock}",
        deletion=(
            "delete_route",
            {"RouteTableId": "{RouteTableId}", "DestinationCidrBlock": "{DestinationCidrBlock}"},
        ),
    ),
    ApiResource(
        type="AWS::EC2::SubnetRouteTableAssociation",
        service="ec2",
        create_call="associate_route_table",
        id="{answer[AssociationId]}",
        attributes={"Id": "{id}"},
        deletion=("disassociate_route_table", {"AssociationId": "{id}"}),
    ),
    ApiResource(
        type="AWS::EC2::VPCEndpoint",
        service="ec2",
        create_call="create_vpc_endpoint",
        id="{answer[VpcEndpoint][VpcEndpointId]}",
        attributes={"Id": "{id}"},
        adapt=tagged("vpc-endpoint"),
        deletion=("delete_vpc_endpoints", {"VpcEndpointIds": ["{id}"]}),
        read=Read("describe_vpc_endpoints", {"VpcEndpointIds": ["{id}"]}, "VpcEndpoints.0"),
        unread=TAGS,
    ),
]
