"""QuickSight: sources of data, datasets and their refresh, folders, analyses and dashboards. Nothing is rendered."""

from typing import Any

from local.cloudformation.resource import ApiResource, Made, Read, Site, Update, refuse_lost
from local.cloudformation.shapes import to_api

ACCOUNT = {"AwsAccountId": "{AwsAccountId}"}
# Given at creation and changed by calls of their own, or told by none that reads the rest.
ASIDE = frozenset({"AwsAccountId", "Credentials", "FolderArns", "Permissions", "Tags"})


class DataSet(ApiResource):
    """AWS::QuickSight::DataSet, whose refresh properties have a call of their own."""

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Say how much is read again by an incremental refresh."""
        if wanted := properties.get("DataSetRefreshProperties"):
            key = {"AwsAccountId": properties["AwsAccountId"], "DataSetId": made.id}
            self._call(site, "put_data_set_refresh_properties", {**key, "DataSetRefreshProperties": wanted})

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change the dataset, then how it is refreshed."""
        made = super().update(site, made, old, new)
        if "DataSetRefreshProperties" in old and "DataSetRefreshProperties" not in new:
            key = {"AwsAccountId": new["AwsAccountId"], "DataSetId": made.id}
            self._call(site, "delete_data_set_refresh_properties", key)
        self.settle(site, made, new)
        return made


class RefreshSchedule(ApiResource):
    """AWS::QuickSight::RefreshSchedule."""

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the schedule back; it is told under another name than it is given."""
        key = {name: properties[name] for name in ("AwsAccountId", "DataSetId")}
        wanted = to_api(self._shape(site, self.create_call), properties, "")["Schedule"]
        found = site.client("quicksight").describe_refresh_schedule(**key, ScheduleId=made.id)
        refuse_lost(wanted, found["RefreshSchedule"])


def _without_refresh(properties: dict[str, Any]) -> dict[str, Any]:
    # The wait policy is CloudFormation's own.
    aside = {"DataSetRefreshProperties", "IngestionWaitPolicy"}
    return {name: value for name, value in properties.items() if name not in aside}


def _asset(name: str, read: Read, kind: type[ApiResource] = ApiResource, **rest: Any) -> ApiResource:
    """A kind of resource that its account and its own id name."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    key = {**ACCOUNT, f"{name}Id": "{id}"}
    return kind(
        type=f"AWS::QuickSight::{name}",
        service="quicksight",
        create_call=f"create{snake}",
        id=f"{{{name}Id}}",
        attributes={"Arn": "{answer[Arn]}"},
        deletion=(f"delete{snake}", key),
        change=Update(f"update{snake}", key),
        read=Read(read.call, key, read.within),
        **rest,
    )


TYPES = [
    _asset("DataSource", Read("describe_data_source", {}, "DataSource"), unread=ASIDE),
    _asset("DataSet", Read("describe_data_set", {}, "DataSet"), DataSet, unread=ASIDE, adapt=_without_refresh),
    _asset("Folder", Read("describe_folder", {}, "Folder"), unread=ASIDE | {"ParentFolderArn"}),
    _asset("Analysis", Read("describe_analysis_definition", {}), unread=ASIDE),
    _asset("Dashboard", Read("describe_dashboard_definition", {}), unread=ASIDE | {"VersionDescription"}),
    RefreshSchedule(
        type="AWS::QuickSight::RefreshSchedule",
        service="quicksight",
        create_call="create_refresh_schedule",
        id="{Schedule[ScheduleId]}",
        attributes={"Arn": "{answer[Arn]}"},
        deletion=("delete_refresh_schedule", {**ACCOUNT, "DataSetId": "{DataSetId}", "ScheduleId": "{id}"}),
        change=Update("update_refresh_schedule", {**ACCOUNT, "DataSetId": "{DataSetId}"}),
    ),
]
