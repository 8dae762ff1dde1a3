"""The definition that the analysis and the dashboard share: data, calculated fields, sheets, filters."""

from __future__ import annotations

from collections.abc import Iterator

from cli.quicksight.columns import Column
from cli.quicksight.datasets import QUERIED
from cli.quicksight.sheets import CALCULATED, PARAMETERS, Sheet, sheets
from cli.quicksight.visuals import MONEY, SECONDS, SHARE, WHOLE, Dimension, column, visual

GRID_COLUMNS = 36
DAYS_SHOWN = 30
WIDTH = {"ScreenCanvasSizeOptions": {"ResizeOption": "FIXED", "OptimizedViewPortWidth": "1600px"}}
CONTROL_SPAN = {"ColumnSpan": 9, "RowSpan": 3}


def definition(arns: dict[str, object]) -> dict:
    """The definition, given what the template says for the ARN of each dataset."""
    return {
        "DataSetIdentifierDeclarations": [{"Identifier": one.name, "DataSetArn": arns[one.name]} for one in QUERIED],
        "CalculatedFields": [
            {"DataSetIdentifier": dataset, "Name": name, "Expression": expression}
            for (dataset, name), expression in CALCULATED.items()
        ],
        "ParameterDeclarations": [_parameter(name, first) for name, (_, first, *_) in PARAMETERS.items()],
        "FilterGroups": [group for one in sheets() for group in _filter_groups(one)],
        "ColumnConfigurations": list(_formats()),
        "Sheets": [_sheet(one) for one in sheets()],
    }


def _formats() -> Iterator[dict]:
    """How numbers of columns are shown: money with cents, seconds with their unit, counts whole."""
    for dataset in QUERIED:
        for one in dataset.columns:
            if shown_as := _shown_as(one):
                number = {"NumberFormatConfiguration": {"FormatConfiguration": shown_as}}
                yield {"Column": column(dataset.name, one.name), "FormatConfiguration": number}


def _shown_as(one: Column) -> dict | None:
    if one.name.endswith("_seconds"):
        return SECONDS
    if one.name.endswith(("_share", "_rate")):
        return SHARE
    return MONEY if one.type.startswith("decimal") else WHOLE if one.type == "bigint" else None


def _parameter(name: str, first: int) -> dict:
    values = {"StaticValues": [first]}
    declared = {"Name": name, "ParameterValueType": "SINGLE_VALUED", "DefaultValues": values}
    return {"IntegerParameterDeclaration": declared}


def _sheet(sheet: Sheet) -> dict:
    visuals = [one for _, row in sheet.rows for one in row]
    found = {
        "SheetId": sheet.id,
        "Name": sheet.title,
        "Description": sheet.description,
        "ContentType": "INTERACTIVE",
        "FilterControls": [_control(sheet, one) for one in (*sheet.days, *sheet.choices)],
    }
    if sheet.parameters:
        found["ParameterControls"] = [_slider(sheet, name) for name in sheet.parameters]
    controls = {"GridLayout": {"Elements": _control_elements(sheet)}}
    grid = {"GridLayout": {"Elements": _elements(sheet), "CanvasSizeOptions": WIDTH}}
    return {
        **found,
        "SheetControlLayouts": [{"Configuration": controls}],
        "Visuals": [visual(one) for one in visuals],
        "Layouts": [{"Configuration": grid}],
    }


def _elements(sheet: Sheet) -> list[dict]:
    """Rows one below the other; the visuals of a row share its width."""
    elements, top = [], 0
    for height, row in sheet.rows:
        width = GRID_COLUMNS // len(row)
        for at, one in enumerate(row):
            place = {"ColumnIndex": at * width, "ColumnSpan": width, "RowIndex": top, "RowSpan": height}
            elements.append({"ElementId": one.id, "ElementType": "VISUAL", **place})
        top += height
    return elements


def _control_elements(sheet: Sheet) -> list[dict]:
    filters = [(_control_id(sheet, one), "FILTER_CONTROL") for one in (*sheet.days, *sheet.choices)]
    parameters = [(_slider_id(sheet, name), "PARAMETER_CONTROL") for name in sheet.parameters]
    return [{"ElementId": id, "ElementType": kind, **CONTROL_SPAN} for id, kind in (*filters, *parameters)]


def _filter_groups(sheet: Sheet) -> list[dict]:
    scope = {"SheetVisualScopingConfigurations": [{"SheetId": sheet.id, "Scope": "ALL_VISUALS"}]}
    return [
        {
            "FilterGroupId": f"{_filter_id(sheet, one)}-group",
            "CrossDataset": "SINGLE_DATASET",
            "Status": "ENABLED",
            "ScopeConfiguration": {"SelectedSheets": scope},
            "Filters": [_last_days(sheet, one) if one.is_date else _any_value(sheet, one)],
        }
        for one in (*sheet.days, *sheet.choices)
    ]


def _last_days(sheet: Sheet, one: Dimension) -> dict:
    window = {"TimeGranularity": "DAY", "RelativeDateType": "LAST", "RelativeDateValue": DAYS_SHOWN}
    found = {"FilterId": _filter_id(sheet, one), "Column": column(one.dataset, one.column), **window}
    anchor = {"AnchorDateConfiguration": {"AnchorOption": "NOW"}, "NullOption": "NON_NULLS_ONLY"}
    return {"RelativeDatesFilter": {**found, **anchor}}


def _any_value(sheet: Sheet, one: Dimension) -> dict:
    everything = {"MatchOperator": "CONTAINS", "SelectAllOptions": "FILTER_ALL_VALUES", "NullOption": "ALL_VALUES"}
    found = {"FilterId": _filter_id(sheet, one), "Column": column(one.dataset, one.column)}
    return {"CategoryFilter": {**found, "Configuration": {"FilterListConfiguration": everything}}}


def _control(sheet: Sheet, one: Dimension) -> dict:
    title = one.column.replace("_", " ").capitalize()
    found = {"FilterControlId": _control_id(sheet, one), "Title": title, "SourceFilterId": _filter_id(sheet, one)}
    return {"RelativeDateTime": found} if one.is_date else {"Dropdown": {**found, "Type": "MULTI_SELECT"}}


def _slider(sheet: Sheet, name: str) -> dict:
    title, _, least, most, step = PARAMETERS[name]
    found = {"ParameterControlId": _slider_id(sheet, name), "Title": title, "SourceParameterName": name}
    return {"Slider": {**found, "MinimumValue": least, "MaximumValue": most, "StepSize": step}}


def _filter_id(sheet: Sheet, one: Dimension) -> str:
    return f"{sheet.id}-{one.dataset}-{one.column}".replace("_", "-")


def _control_id(sheet: Sheet, one: Dimension) -> str:
    return f"{_filter_id(sheet, one)}-control"


def _slider_id(sheet: Sheet, name: str) -> str:
    return f"{sheet.id}-{name}-control"
