"""What a definition of QuickSight names must be declared, of the right kind, and named once."""

import re
from collections import Counter

KIND_OF_FIELD = {
    "DateDimensionField": {"DATETIME"},
    "CategoricalDimensionField": {"STRING"},
    "NumericalMeasureField": {"INTEGER", "DECIMAL"},
    "RelativeDatesFilter": {"DATETIME"},
    "CategoryFilter": {"STRING"},
    "ColumnConfigurations": {"INTEGER", "DECIMAL"},
}
CALCULATED = "calculated"
# An expression that aggregates by itself may not be aggregated again.
AGGREGATES = re.compile(r"\b(sum|min|max|avg|count)\(")


def nodes(value, under=""):
    """Every object of a document, with the name of the member that it is under."""
    if isinstance(value, list):
        for item in value:
            yield from nodes(item, under)
    if isinstance(value, dict):
        yield under, value
        for name, item in value.items():
            yield from nodes(item, name)


def strings(value, member):
    """Texts that stand under a member's name, anywhere."""
    return [found[member] for _, found in nodes(value) if isinstance(found.get(member), str)]


def column_faults(definition, columns):
    """What names a dataset or column that there is not, or that is of another kind; `columns` is kinds by dataset."""
    declared = {one["Identifier"] for one in definition["DataSetIdentifierDeclarations"]}
    calculated = {(one["DataSetIdentifier"], one["Name"]): one["Expression"] for one in definition["CalculatedFields"]}
    unknown = set(strings(definition, "DataSetIdentifier")) - declared
    found = [f"dataset {name} is not declared" for name in sorted(unknown)]
    for under, node in nodes(definition):
        if "Column" in node:
            found += _column_fault(under, node, columns, calculated)
    for (dataset, name), expression in calculated.items():
        named = re.findall(r"(?<!\$)\{(\w+)\}", expression)
        found += [f"{name} names {dataset}.{one}" for one in named if one not in columns.get(dataset, {})]
        found += [f"{name} has the name of a column" for one in [name] if one in columns.get(dataset, {})]
    return found


def _column_fault(under, node, columns, calculated):
    dataset, name = node["Column"]["DataSetIdentifier"], node["Column"]["ColumnName"]
    if (dataset, name) in calculated:
        is_sum = bool(AGGREGATES.search(calculated[dataset, name]))
        return [f"{under} aggregates {dataset}.{name} wrongly"] if is_sum == ("AggregationFunction" in node) else []
    kind = columns.get(dataset, {}).get(name)
    if kind is None:
        return [f"{under} names {dataset}.{name}, which is no column"]
    return [] if kind in KIND_OF_FIELD[under] else [f"{under} is of {dataset}.{name}, which is {kind}"]


def name_faults(definition):
    """Ids that are given twice, and what is named and not there: filters, parameters, fields of a sort, elements."""
    found = _repeated(definition, "VisualId", "FilterGroupId", "FilterId", "SheetId", "FilterControlId")
    parameters = set(strings(definition["ParameterDeclarations"], "Name"))
    named = set(strings(definition, "SourceParameterName"))
    named |= {one for text in strings(definition, "Expression") for one in re.findall(r"\$\{(\w+)\}", text)}
    found += [f"parameter {name} is not declared" for name in sorted(named - parameters)]
    found += [f"parameter {name} is not used" for name in sorted(parameters - named)]
    filters = set(strings(definition["FilterGroups"], "FilterId"))
    found += [f"filter {one} is not declared" for one in strings(definition, "SourceFilterId") if one not in filters]
    for sheet in definition["Sheets"]:
        found += _sheet_faults(sheet)
    ids = {sheet["SheetId"] for sheet in definition["Sheets"]}
    return found + [
        f"sheet {one} is not there" for one in strings(definition["FilterGroups"], "SheetId") if one not in ids
    ]


def _repeated(definition, *members):
    # A group of filters names its sheet; elsewhere a sheet's id is its own.
    own = {**definition, "FilterGroups": [{**g, "ScopeConfiguration": {}} for g in definition["FilterGroups"]]}
    counts = {member: Counter(strings(own, member)) for member in members}
    return [
        f"{member} {one} is given {n} times" for member, found in counts.items() for one, n in found.items() if n > 1
    ]


def _sheet_faults(sheet):
    placed = Counter(strings(sheet["Layouts"], "ElementId"))
    visuals = strings(sheet["Visuals"], "VisualId")
    controls = strings(sheet.get("FilterControls", []), "FilterControlId")
    controls += strings(sheet.get("ParameterControls", []), "ParameterControlId")
    laid_out = Counter(strings(sheet["SheetControlLayouts"], "ElementId"))
    found = [f"{one} is {placed[one]} times in the layout" for one in {*visuals, *placed} if placed[one] != 1]
    found += [f"{one} is in the layout and nowhere else" for one in placed if one not in visuals]
    found += [f"control {one} has no place" for one in controls if laid_out[one] != 1]
    found += [f"no control {one}" for one in laid_out if one not in controls]
    for one in sheet["Visuals"]:
        fields, sorts = _fields(one)
        found += [f"sorted by {name}, which is no field" for name in sorts if name not in fields]
        found += [f"field {name} is there twice" for name, n in Counter(fields).items() if n > 1]
    return found + _overlaps(sheet)


def _fields(visual):
    ids = [(under, node["FieldId"]) for under, node in nodes(visual) if "FieldId" in node]
    return [id for under, id in ids if under != "FieldSort"], [id for under, id in ids if under == "FieldSort"]


def _overlaps(sheet):
    cells = Counter()
    for under, one in nodes(sheet["Layouts"]):
        if under == "Elements":
            for column in range(one["ColumnIndex"], one["ColumnIndex"] + one["ColumnSpan"]):
                cells.update((column, row) for row in range(one["RowIndex"], one["RowIndex"] + one["RowSpan"]))
    over = [f"{sheet['SheetId']}: visuals overlap at {cell}" for cell, n in cells.items() if n > 1][:1]
    return over + [f"{sheet['SheetId']}: wider than the grid" for column, _ in cells if column >= 36][:1]
