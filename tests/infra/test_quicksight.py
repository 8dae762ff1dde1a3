"""What QuickSight is given fits its API, and names only columns that the views have, with their types."""

import copy

import botocore.session
import pytest

from contracts.contract import load_contracts
from contracts.reserved import view_name
from lake.views import view_input
from tests.infra.api_shapes import faults
from tests.infra.quicksight_definition import column_faults, name_faults
from tests.infra.quicksight_resources import NAMES, OWNER, data_sets, described, kinds, resolved

MODEL = botocore.session.get_session().get_service_model("quicksight")
OF_CLOUDFORMATION = {"IngestionWaitPolicy"}
CONTRACTS = load_contracts()
# The Glue Catalog's types, as QuickSight reads them from Athena.
KINDS = {"string": "STRING", "bigint": "INTEGER", "double": "DECIMAL", "date": "DATETIME", "boolean": "BOOLEAN"}


@pytest.fixture(scope="module")
def definitions():
    found = {kind: properties["Definition"] for kind, properties in described().values() if "Definition" in properties}
    assert sorted(found) == ["AWS::QuickSight::Analysis", "AWS::QuickSight::Dashboard"]
    return found


def calls(kind, properties):
    """The calls that make a resource, with their input."""
    refresh = {"DataSetRefreshProperties"}
    rest = {name: value for name, value in properties.items() if name not in OF_CLOUDFORMATION | refresh}
    yield f"Create{kind}", rest
    if refresh & properties.keys():
        yield (
            "PutDataSetRefreshProperties",
            {name: properties[name] for name in ("AwsAccountId", "DataSetId", "DataSetRefreshProperties")},
        )


def resource_faults(kind, properties):
    shapes = ((MODEL.operation_model(call).input_shape, given) for call, given in calls(kind, properties))
    return [fault for shape, given in shapes for fault in faults(shape, given)]


@pytest.mark.parametrize("switched_on", [{}, {"QuickSightReaderArn": OWNER, "QuickSightFolderName": "Shop"}])
@pytest.mark.parametrize("name", NAMES)
def test_what_a_template_describes_fits_the_api(name, switched_on):
    resources = resolved(name, **switched_on)
    ours = [(kind.rsplit("::")[-1], given) for kind, given in resources.values() if "QuickSight" in kind]
    assert ours and [fault for kind, given in ours for fault in resource_faults(kind, given)] == []


def broken(dashboard, change):
    copied = copy.deepcopy(dashboard)
    change(copied)
    return resource_faults("Dashboard", copied)


def first_kpi(dashboard):
    return dashboard["Definition"]["Sheets"][0]["Visuals"][0]["KPIVisual"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda d: d.update(Nmae="x"), "CreateDashboardRequest.Nmae is unknown"),
        (lambda d: d.pop("Name"), "CreateDashboardRequest.Name is missing"),
        (lambda d: d.update(DashboardId="a b"), r"DashboardId is 'a b', expected [\w\-]+"),
        (lambda d: d.update(Name="x" * 2049), "Name has or is 2049, expected 1 to 2048"),
        (lambda d: d["Definition"]["Sheets"][0].update(ContentType="MOVING"), "ContentType is 'MOVING', expected one"),
        (lambda d: d["Definition"].update(Sheets={}), "Definition.Sheets is {}, expected a list"),
        (lambda d: first_kpi(d).update(VisualId=1), "KPIVisual.VisualId is 1, expected a string"),
        (lambda d: d["Definition"]["Sheets"][0]["Visuals"][0].update(PluginVisual={}), "expected one of its members"),
        (lambda d: d["Permissions"][0].pop("Actions"), "Permissions[0].Actions is missing"),
    ],
)
def test_what_does_not_fit_the_api_is_found(change, fault):
    ((_, dashboard),) = [one for one in described().values() if one[0].endswith("Dashboard")]
    assert fault in "\n".join(broken(dashboard, change))


def catalog_columns():
    """Columns by view with the Glue Catalog's types: those of the template, and those that follow from contracts."""
    views = {}
    for _, properties in resolved("query-views").values():
        view = properties["TableInput"]
        views[view["Name"]] = {c["Name"]: c["Type"] for c in view["StorageDescriptor"]["Columns"]}
    for contract in CONTRACTS.values():
        columns = view_input(contract, "tributary_dev")["StorageDescriptor"]["Columns"]
        views[view_name(contract.event_type)] = {c["Name"]: c["Type"] for c in columns}
    return views


def kind_of(glue_type):
    return "DECIMAL" if glue_type.startswith("decimal") else KINDS.get(glue_type)


def test_every_dataset_has_columns_of_its_view_with_their_types():
    views = catalog_columns()
    for name, properties in data_sets().items():
        source = properties["PhysicalTableMap"]["view"]["RelationalTable"]
        supported = {column: kind for column, glue in views[source["Name"]].items() if (kind := kind_of(glue))}
        assert kinds(properties) == supported, name


def test_every_column_is_described_and_the_look_back_is_on_a_date():
    for name, properties in data_sets().items():
        transforms = properties["LogicalTableMap"]["described"]["DataTransforms"]
        told = {t["TagColumnOperation"]["ColumnName"]: t["TagColumnOperation"]["Tags"] for t in transforms}
        assert list(told) == list(kinds(properties)), name
        assert all(tag["ColumnDescription"]["Text"] for (tag,) in told.values()), name
        refresh = properties["DataSetRefreshProperties"]["RefreshConfiguration"]["IncrementalRefresh"]
        assert kinds(properties)[refresh["LookbackWindow"]["ColumnName"]] == "DATETIME", name


def test_every_dataset_is_refreshed_by_day_and_whole_by_week():
    schedules = [p for kind, p in described().values() if kind.endswith("RefreshSchedule")]
    found = sorted((p["DataSetId"], p["Schedule"]["ScheduleId"], p["Schedule"]["RefreshType"]) for p in schedules)
    ids = sorted(p["DataSetId"] for p in data_sets().values())
    wanted = (("daily", "INCREMENTAL_REFRESH"), ("weekly", "FULL_REFRESH"))
    assert found == [(id, *one) for id in ids for one in wanted]


def test_the_definition_names_columns_that_there_are_and_everything_once(definitions):
    columns = {name: kinds(properties) for name, properties in data_sets().items()}
    for kind, definition in definitions.items():
        assert column_faults(definition, columns) + name_faults(definition) == [], kind


def test_analysis_and_dashboard_show_the_same(definitions):
    analysis, dashboard = definitions.values()
    assert analysis == dashboard
    assert [sheet["Name"] for sheet in dashboard["Sheets"]] == ["Revenue", "Funnel", "Quality", "Freshness"]


def visuals(definition, sheet):
    return definition["Sheets"][sheet]["Visuals"]


def elements(definition):
    return definition["Sheets"][0]["Layouts"][0]["Configuration"]["GridLayout"]["Elements"]


def column_of_first_kpi(definition):
    wells = visuals(definition, 0)[0]["KPIVisual"]["ChartConfiguration"]["FieldWells"]
    return wells["Values"][0]["NumericalMeasureField"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda d: d["DataSetIdentifierDeclarations"].pop(), "dataset freshness is not declared"),
        (
            lambda d: column_of_first_kpi(d)["Column"].update(ColumnName="paid"),
            "names revenue.paid, which is no column",
        ),
        (
            lambda d: column_of_first_kpi(d)["Column"].update(ColumnName="category"),
            "NumericalMeasureField is of revenue.category, which is STRING",
        ),
        (lambda d: d["CalculatedFields"][1].update(Expression="sum({paid})"), "refund_share names revenue.paid"),
        (
            lambda d: d["CalculatedFields"][-1].update(Expression="sum({events})"),
            "NumericalMeasureField aggregates freshness.is_on_time wrongly",
        ),
        (lambda d: d["ParameterDeclarations"].clear(), "parameter FreshnessTargetSeconds is not declared"),
        (lambda d: d["FilterGroups"].pop(0), "filter revenue-revenue-event-date is not declared"),
        (lambda d: d["FilterGroups"].append(d["FilterGroups"][0]), "revenue-revenue-event-date-group is given 2 times"),
        (lambda d: visuals(d, 1).append(visuals(d, 0)[0]), "VisualId revenue-sold is given 2 times"),
        (lambda d: elements(d).pop(), "revenue-table is 0 times in the layout"),
        (lambda d: elements(d)[1].update(ColumnIndex=0), "revenue: visuals overlap at (0, 0)"),
        (lambda d: visuals(d, 0).pop(0), "revenue-sold is in the layout and nowhere else"),
        (lambda d: d["Sheets"][0]["FilterControls"].pop(), "no control revenue-revenue-reporting-currency-control"),
    ],
)
def test_what_a_definition_names_and_does_not_have_is_found(definitions, change, fault):
    columns = {name: kinds(properties) for name, properties in data_sets().items()}
    definition = copy.deepcopy(definitions["AWS::QuickSight::Dashboard"])
    change(definition)
    assert fault in "\n".join(column_faults(definition, columns) + name_faults(definition))
