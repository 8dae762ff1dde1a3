"""Log groups, metric filters, alarms and dashboards."""

from typing import Any

from local.cloudformation.resource import (
    ApiResource,
    Made,
    Read,
    ResourceType,
    Site,
    Update,
    changed,
    with_absence_ignored,
)

ALARM = "arn:aws:cloudwatch:{region}:{account}:alarm:{AlarmName}"


class LogGroup(ResourceType):
    """AWS::Logs::LogGroup."""

    type = "AWS::Logs::LogGroup"
    name_property = "LogGroupName"
    longest_name = 512
    properties = frozenset({"LogGroupName", "KmsKeyId", "RetentionInDays", "Tags"})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the log group."""
        name = properties["LogGroupName"]
        given: dict[str, Any] = {"kmsKeyId": properties["KmsKeyId"]} if "KmsKeyId" in properties else {}
        if tags := {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}:
            given["tags"] = tags
        site.client("logs").create_log_group(logGroupName=name, **given)
        return Made(name, {"Arn": f"arn:aws:logs:{site.region}:{site.account}:log-group:{name}:*"})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Set the retention."""
        if "RetentionInDays" in properties:
            days = int(properties["RetentionInDays"])
            site.client("logs").put_retention_policy(logGroupName=made.id, retentionInDays=days)

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change the retention."""
        names = changed(old, new)
        if fixed := [name for name in names if name != "RetentionInDays"]:
            raise self.needs_replacement(fixed)
        if "RetentionInDays" not in new:
            site.client("logs").delete_retention_policy(logGroupName=made.id)
        self.settle(site, made, new)
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the log group."""
        with_absence_ignored(lambda: site.client("logs").delete_log_group(logGroupName=made.id))


def _metric_filter(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        **properties,
        "MetricTransformations": [_transformation(one) for one in properties["MetricTransformations"]],
    }


def _transformation(one: dict[str, Any]) -> dict[str, Any]:
    dimensions = one.get("Dimensions")
    if not isinstance(dimensions, list):
        return one
    return {**one, "Dimensions": {each["Key"]: each["Value"] for each in dimensions}}


TYPES = [
    LogGroup(),
    ApiResource(
        type="AWS::Logs::MetricFilter",
        service="logs",
        create_call="put_metric_filter",
        id="{FilterName}",
        name_property="FilterName",
        adapt=_metric_filter,
        deletion=("delete_metric_filter", {"filterName": "{id}", "logGroupName": "{LogGroupName}"}),
        change=Update("put_metric_filter"),
        read=Read(
            "describe_metric_filters", {"logGroupName": "{LogGroupName}", "filterNamePrefix": "{id}"}, "metricFilters.0"
        ),
    ),
    ApiResource(
        type="AWS::Logs::ResourcePolicy",
        service="logs",
        create_call="put_resource_policy",
        id="{PolicyName}",
        deletion=("delete_resource_policy", {"policyName": "{id}"}),
        change=Update("put_resource_policy"),
    ),
    ApiResource(
        type="AWS::Logs::SubscriptionFilter",
        service="logs",
        create_call="put_subscription_filter",
        id="{FilterName}",
        name_property="FilterName",
        deletion=("delete_subscription_filter", {"filterName": "{id}", "logGroupName": "{LogGroupName}"}),
        change=Update("put_subscription_filter"),
    ),
    ApiResource(
        type="AWS::CloudWatch::Alarm",
        service="cloudwatch",
        create_call="put_metric_alarm",
        id="{AlarmName}",
        name_property="AlarmName",
        longest_name=255,
        attributes={"Arn": ALARM},
        deletion=("delete_alarms", {"AlarmNames": ["{id}"]}),
        change=Update("put_metric_alarm"),
        read=Read("describe_alarms", {"AlarmNames": ["{id}"], "AlarmTypes": ["MetricAlarm"]}, "MetricAlarms.0"),
        unread=frozenset({"Tags"}),
    ),
    ApiResource(
        type="AWS::CloudWatch::CompositeAlarm",
        service="cloudwatch",
        create_call="put_composite_alarm",
        id="{AlarmName}",
        name_property="AlarmName",
        longest_name=255,
        attributes={"Arn": ALARM},
        deletion=("delete_alarms", {"AlarmNames": ["{id}"]}),
        change=Update("put_composite_alarm"),
        read=Read("describe_alarms", {"AlarmNames": ["{id}"], "AlarmTypes": ["CompositeAlarm"]}, "CompositeAlarms.0"),
        unread=frozenset({"Tags"}),
    ),
    ApiResource(
        type="AWS::CloudWatch::Dashboard",
        service="cloudwatch",
        create_call="put_dashboard",
        id="{DashboardName}",
        name_property="DashboardName",
        deletion=("delete_dashboards", {"DashboardNames": ["{id}"]}),
        change=Update("put_dashboard"),
        read=Read("get_dashboard", {"DashboardName": "{id}"}),
    ),
]
