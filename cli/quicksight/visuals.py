"""Visuals, filters and controls as QuickSight's API describes them.

https://docs.aws.amazon.com/quicksight/latest/APIReference/API_DashboardVersionDefinition.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MONEY = {"NumberDisplayFormatConfiguration": {"DecimalPlacesConfiguration": {"DecimalPlaces": 2}}}
WHOLE = {"NumberDisplayFormatConfiguration": {"DecimalPlacesConfiguration": {"DecimalPlaces": 0}}}
SECONDS = {"NumberDisplayFormatConfiguration": {"Suffix": " s", "DecimalPlacesConfiguration": {"DecimalPlaces": 1}}}
SHARE = {"PercentageDisplayFormatConfiguration": {"DecimalPlacesConfiguration": {"DecimalPlaces": 1}}}


@dataclass(frozen=True)
class Measure:
    """A number of a dataset: `by` aggregates it, nothing where its calculated field does that itself.

    How a column is shown is said once for all visuals, how a calculated field is (`shown_as`) by each.
    """

    dataset: str
    column: str
    by: str | None
    shown_as: dict | None = None


@dataclass(frozen=True)
class Dimension:
    """What numbers are grouped by: text, or days of a date."""

    dataset: str
    column: str
    is_date: bool = False


@dataclass(frozen=True)
class Visual:
    """One picture; `kind` is the member of the API's Visual."""

    id: str
    kind: str
    title: str
    configuration: dict


def kpi(id: str, title: str, measure: Measure) -> Visual:
    """One number."""
    return Visual(id, "KPIVisual", title, {"FieldWells": {"Values": [_measure(id, measure)]}})


def lines(id: str, title: str, day: Dimension, measures: Sequence[Measure], each: Dimension | None = None) -> Visual:
    """Numbers over days, a line each, or a line for each value of `each`."""
    wells = _wells(id, [day], measures, each)
    sort = {"CategorySort": [_sorted_by(id, day.column, "ASC")]}
    configuration = {"FieldWells": {"LineChartAggregatedFieldWells": wells}, "SortConfiguration": sort, "Type": "LINE"}
    return Visual(id, "LineChartVisual", title, configuration)


def bars(
    id: str, title: str, over: Dimension | None, measures: Sequence[Measure], each: Dimension | None = None
) -> Visual:
    """Horizontal bars, the longest first; without `over` one bar for each measure."""
    wells = _wells(id, [over] if over else [], measures, each)
    configuration = {
        "FieldWells": {"BarChartAggregatedFieldWells": wells},
        "Orientation": "HORIZONTAL",
        "BarsArrangement": "STACKED" if each else "CLUSTERED",
    }
    if over:
        configuration["SortConfiguration"] = {"CategorySort": [_sorted_by(id, measures[0].column, "DESC")]}
    return Visual(id, "BarChartVisual", title, configuration)


def table(id: str, title: str, by: Sequence[Dimension], measures: Sequence[Measure]) -> Visual:
    """All numbers, the newest day first."""
    wells = {"GroupBy": [_dimension(id, one) for one in by], "Values": [_measure(id, one) for one in measures]}
    sort = {"RowSort": [_sorted_by(id, by[0].column, "DESC")]}
    configuration = {"FieldWells": {"TableAggregatedFieldWells": wells}, "SortConfiguration": sort}
    return Visual(id, "TableVisual", title, configuration)


def visual(one: Visual) -> dict:
    """The visual as a member of a sheet."""
    title = {"Visibility": "VISIBLE", "FormatText": {"PlainText": one.title}}
    return {one.kind: {"VisualId": one.id, "Title": title, "ChartConfiguration": one.configuration}}


def column(dataset: str, name: str) -> dict:
    """A column, or a calculated field, of a dataset."""
    return {"DataSetIdentifier": dataset, "ColumnName": name}


def _wells(id: str, category: list[Dimension], measures: Sequence[Measure], each: Dimension | None) -> dict:
    wells = {"Category": [_dimension(id, one) for one in category], "Values": [_measure(id, one) for one in measures]}
    return wells | ({"Colors": [_dimension(id, each)]} if each else {})


def _dimension(id: str, one: Dimension) -> dict:
    field = {"FieldId": _field(id, one.column), "Column": column(one.dataset, one.column)}
    if one.is_date:
        return {"DateDimensionField": {**field, "DateGranularity": "DAY"}}
    return {"CategoricalDimensionField": field}


def _measure(id: str, one: Measure) -> dict:
    field = {"FieldId": _field(id, one.column), "Column": column(one.dataset, one.column)}
    aggregated = {"AggregationFunction": {"SimpleNumericalAggregation": one.by}} if one.by else {}
    shown = {"FormatConfiguration": {"FormatConfiguration": one.shown_as}} if one.shown_as else {}
    return {"NumericalMeasureField": {**field, **aggregated, **shown}}


def _sorted_by(id: str, name: str, direction: str) -> dict:
    return {"FieldSort": {"FieldId": _field(id, name), "Direction": direction}}


def _field(id: str, name: str) -> str:
    return f"{id}.{name}"
