"""The templates of the datasets, the analysis and the dashboard, as CloudFormation reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cli.quicksight.columns import input_column
from cli.quicksight.datasets import QUERIED, DataSet, event_datasets
from cli.quicksight.definition import definition
from cli.quicksight.flow import flow
from cli.quicksight.query_views import QUERIES, query_views
from contracts.contract import Contract

FOLDER = Path("infra/cloudformation")
HEAD = """\
# Written by `make export` from cli/quicksight/ and contracts/. Change them there.
AWSTemplateFormatVersion: "2010-09-09"
Description: "{description}"

Parameters:
  Project: {{Type: String, Default: tributary, Description: First part of every resource name}}
  Stage: {{Type: String, Description: "Stage, the second part of every name: local, dev, prod"}}
  QuickSightPrincipalArn: {{Type: String, Description: QuickSight user or group that owns what is shown}}
  QuickSightFolderName: {{Type: String, Default: "", Description: "Shared folder for all of it; without a name, none"}}
{parameters}
Conditions:
  HasFolder: !Not [!Equals [!Ref QuickSightFolderName, ""]]
{conditions}
Resources:
"""
SPICE_PARAMETERS = """\
  QuickSightDataSourceArn: {Type: AWS::SSM::Parameter::Value<String>, Description: QuickSight's source of data}
  DatabaseName: {Type: AWS::SSM::Parameter::Value<String>, Description: Glue database of the tables}
  SpiceRefreshTime:
    Type: String
    Default: "05:30"
    AllowedPattern: "[0-2]\\\\d:[0-5]\\\\d"
    Description: UTC time of day at which the look-back window is read again; everything is on Sundays
"""
READER_PARAMETER = """\
  QuickSightReaderArn: {Type: String, Default: "", Description: "User or group that may look at the dashboard, if any"}
"""
HAS_READER = """\
  HasReader: !Not [!Equals [!Ref QuickSightReaderArn, ""]]
"""
ARN_PARAMETER = """\
  {name}: {{Type: AWS::SSM::Parameter::Value<String>, Description: Dataset {dataset}}}
"""
FOLDER_ARN = "arn:${AWS::Partition}:quicksight:${AWS::Region}:${AWS::AccountId}:folder/${Project}-${Stage}"
IN_FOLDER = {"Fn::If": ["HasFolder", [{"Fn::Sub": FOLDER_ARN}], {"Ref": "AWS::NoValue"}]}
ACCOUNT = {"Ref": "AWS::AccountId"}
OWNS_DATA_SET = (
    *("DescribeDataSet", "DescribeDataSetPermissions", "PassDataSet", "DescribeIngestion", "ListIngestions"),
    *("UpdateDataSet", "DeleteDataSet", "CreateIngestion", "CancelIngestion", "UpdateDataSetPermissions"),
)
OWNS_ANALYSIS = (
    *("RestoreAnalysis", "UpdateAnalysisPermissions", "DeleteAnalysis", "DescribeAnalysisPermissions"),
    *("QueryAnalysis", "DescribeAnalysis", "UpdateAnalysis"),
)
READS_DASHBOARD = ("DescribeDashboard", "ListDashboardVersions", "QueryDashboard")
OWNS_DASHBOARD = (
    *READS_DASHBOARD,
    *("UpdateDashboardPermissions", "UpdateDashboard", "DeleteDashboard", "DescribeDashboardPermissions"),
    "UpdateDashboardPublishedVersion",
)


def quicksight_templates(root: Path, contracts: dict[str, Contract]) -> dict[Path, str]:
    """Every template that is written from here, by its path below the checkout; none where there are no queries."""
    if not (root / QUERIES).is_dir():
        return {}
    return {
        **query_views(root),
        FOLDER / "quicksight-datasets.yaml": _datasets("answers of shipped queries", QUERIED),
        FOLDER / "quicksight-events.yaml": _datasets("single events by type", event_datasets(contracts)),
        FOLDER / "quicksight-analysis.yaml": _analysis(),
        FOLDER / "quicksight-dashboard.yaml": _dashboard(),
    }


def data_set_arn_parameter(name: str) -> str:
    """`revenue` -> `RevenueDataSetArn`, which a later stack reads from /<project>/<stage>/revenue-data-set-arn."""
    return f"{name.capitalize()}DataSetArn"


def _datasets(of_what: str, datasets: Iterable[DataSet]) -> str:
    description = f"QuickSight datasets: {of_what}, in SPICE. They cost what is stored and, by refresh, what is read."
    head = HEAD.format(description=description, parameters=SPICE_PARAMETERS, conditions="")
    return head + "\n".join("\n".join(_dataset(one)) + "\n" for one in datasets)


def _dataset(one: DataSet) -> Iterator[str]:
    logical = f"{one.name.capitalize()}DataSet"
    identity = _sub(f"${{Project}}-${{Stage}}-{one.name}")
    yield from _resource(logical, "DataSet", {"AwsAccountId": ACCOUNT, "DataSetId": identity, "Name": one.title})
    yield "      ImportMode: SPICE"
    # The data come by the schedule: a stack need not wait for them.
    yield "      IngestionWaitPolicy: {WaitForSpiceIngestion: false}"
    yield _property("FolderArns", IN_FOLDER)
    yield _property("Permissions", [_owner(OWNS_DATA_SET)])
    yield from _physical_table(one)
    yield from _logical_table(one)
    window = {"ColumnName": one.date_column, "Size": one.lookback_days, "SizeUnit": "DAY"}
    incremental = {"RefreshConfiguration": {"IncrementalRefresh": {"LookbackWindow": window}}}
    yield _property("DataSetRefreshProperties", incremental)
    yield from _schedule(logical, identity, "Daily", "INCREMENTAL_REFRESH", {"Interval": "DAILY"})
    sunday = {"Interval": "WEEKLY", "RefreshOnDay": {"DayOfWeek": "SUNDAY"}}
    yield from _schedule(logical, identity, "Weekly", "FULL_REFRESH", sunday)
    yield from _handed_over(logical, one)


def _physical_table(one: DataSet) -> Iterator[str]:
    yield "      PhysicalTableMap:"
    yield "        view:"
    yield "          RelationalTable:"
    yield f"            DataSourceArn: {flow({'Ref': 'QuickSightDataSourceArn'})}"
    yield "            Catalog: AwsDataCatalog"
    yield f"            Schema: {flow({'Ref': 'DatabaseName'})}"
    yield f"            Name: {one.view}"
    yield "            InputColumns:"
    yield from (f"              - {flow(input_column(c))}" for c in one.columns)


def _logical_table(one: DataSet) -> Iterator[str]:
    yield "      LogicalTableMap:"
    yield "        described:"
    yield f"          Alias: {one.name}"
    yield "          Source: {PhysicalTableId: view}"
    yield "          DataTransforms:"
    for each in one.columns:
        tags = [{"ColumnDescription": {"Text": each.description}}]
        yield f"            - {flow({'TagColumnOperation': {'ColumnName': each.name, 'Tags': tags}})}"


def _schedule(logical: str, identity: dict, name: str, kind: str, frequency: dict) -> Iterator[str]:
    at = {**frequency, "TimeZone": "UTC", "TimeOfTheDay": {"Ref": "SpiceRefreshTime"}}
    yield f"  {logical}{name}:"
    yield "    Type: AWS::QuickSight::RefreshSchedule"
    yield f"    DependsOn: {logical}"
    schedule = {"ScheduleId": name.lower(), "RefreshType": kind, "ScheduleFrequency": at}
    yield f"    Properties: {flow({'AwsAccountId': ACCOUNT, 'DataSetId': identity, 'Schedule': schedule})}"


def _handed_over(logical: str, one: DataSet) -> Iterator[str]:
    name = f"/${{Project}}/${{Stage}}/{one.name}-data-set-arn"
    value = {"Type": "String", "Name": _sub(name), "Value": {"Fn::GetAtt": [logical, "Arn"]}}
    yield f"  {logical}ArnParameter:"
    yield "    Type: AWS::SSM::Parameter"
    yield f"    Properties: {flow(value)}"


def _analysis() -> str:
    description = "QuickSight analysis: revenue, funnel, quality and freshness, for those who change the sheets."
    permissions = [_owner(OWNS_ANALYSIS)]
    return _definition_head(description, "", "") + "\n".join(_shown("Analysis", permissions)) + "\n"


def _dashboard() -> str:
    description = "QuickSight dashboard: revenue, funnel, quality and freshness, for those who look."
    reader = {"Principal": {"Ref": "QuickSightReaderArn"}, "Actions": _actions(READS_DASHBOARD)}
    permissions = [_owner(OWNS_DASHBOARD), {"Fn::If": ["HasReader", reader, {"Ref": "AWS::NoValue"}]}]
    head = _definition_head(description, READER_PARAMETER, HAS_READER)
    return head + "\n".join(_shown("Dashboard", permissions)) + "\n"


def _definition_head(description: str, parameters: str, conditions: str) -> str:
    arns = [ARN_PARAMETER.format(name=data_set_arn_parameter(one.name), dataset=one.name) for one in QUERIED]
    return HEAD.format(description=description, parameters=parameters + "".join(arns), conditions=conditions)


def _shown(kind: str, permissions: list) -> Iterator[str]:
    identity, name = _sub("${Project}-${Stage}"), _sub("${Project} ${Stage}")
    yield from _resource(kind, kind, {"AwsAccountId": ACCOUNT, f"{kind}Id": identity, "Name": name})
    yield _property("FolderArns", IN_FOLDER)
    yield _property("Permissions", permissions)
    yield "      Definition:"
    arns = {one.name: {"Ref": data_set_arn_parameter(one.name)} for one in QUERIED}
    for member, items in definition(arns).items():
        yield f"        {member}:"
        yield from (_sheet_lines(items) if member == "Sheets" else (f"          - {flow(item)}" for item in items))


def _sheet_lines(sheets: list[dict]) -> Iterator[str]:
    """A line for each visual and each control, so that a change can be seen."""
    for sheet in sheets:
        bullet = "- "
        for member, value in sheet.items():
            if not isinstance(value, list):
                yield f"          {bullet}{member}: {flow(value)}"
            else:
                yield f"          {bullet}{member}:"
                yield from (f"              - {flow(item)}" for item in value)
            bullet = "  "


def _resource(logical: str, kind: str, properties: dict) -> Iterator[str]:
    yield f"  {logical}:"
    yield f"    Type: AWS::QuickSight::{kind}"
    yield "    Properties:"
    yield from (_property(name, value) for name, value in properties.items())


def _property(name: str, value: object) -> str:
    return f"      {name}: {flow(value)}"


def _owner(actions: Iterable[str]) -> dict:
    return {"Principal": {"Ref": "QuickSightPrincipalArn"}, "Actions": _actions(actions)}


def _actions(names: Iterable[str]) -> list[str]:
    return [f"quicksight:{name}" for name in names]


def _sub(text: str) -> dict:
    return {"Fn::Sub": text}
