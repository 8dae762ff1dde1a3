"""Whether a value fits a shape of an AWS API: everything that the shape says, of which the client checks a part."""

import re

# Structures of which exactly one member may be given; the API's model says so in prose only.
VARIANTS = {
    *("PhysicalTable", "TransformOperation", "ColumnTag", "Visual", "DimensionField", "MeasureField"),
    *("Filter", "FilterControl", "ParameterControl", "ParameterDeclaration", "CategoryFilterConfiguration"),
    *("FilterScopeConfiguration", "LayoutConfiguration", "NumericFormatConfiguration", "FieldSortOptions"),
    *("TableFieldWells", "LineChartFieldWells", "BarChartFieldWells", "DataSourceParameters"),
}
KINDS = {"string": str, "integer": int, "long": int, "double": int | float, "float": int | float, "boolean": bool}
# What CloudFormation spells otherwise.
RENAMED = {"TimeZone": "Timezone"}


def faults(shape, value, path=""):
    """What does not fit, one sentence each."""
    checks = {"structure": _structure, "list": _list, "map": _map}
    return checks.get(shape.type_name, _scalar)(shape, value, path or shape.name)


def _structure(shape, value, path):
    if not isinstance(value, dict):
        return [f"{path} is {value!r}, expected an object"]
    given = {RENAMED.get(name, name): item for name, item in value.items()}
    unknown = [f"{path}.{name} is unknown" for name in given if name not in shape.members]
    missing = [f"{path}.{name} is missing" for name in shape.required_members if name not in given]
    if shape.name in VARIANTS and len(given) != 1:
        missing.append(f"{path} has {sorted(given)}, expected one of its members")
    known = [(name, item) for name, item in given.items() if name in shape.members]
    return unknown + missing + [f for name, item in known for f in faults(shape.members[name], item, f"{path}.{name}")]


def _list(shape, value, path):
    if not isinstance(value, list):
        return [f"{path} is {value!r}, expected a list"]
    within = [f for at, item in enumerate(value) for f in faults(shape.member, item, f"{path}[{at}]")]
    return _out_of_range(shape, len(value), path) + within


def _map(shape, value, path):
    if not isinstance(value, dict):
        return [f"{path} is {value!r}, expected an object"]
    keys = [f for key in value for f in faults(shape.key, key, f"{path} key {key}")]
    return keys + [f for key, item in value.items() for f in faults(shape.value, item, f"{path}.{key}")]


def _scalar(shape, value, path):
    kind = KINDS[shape.type_name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return [f"{path} is {value!r}, expected a {shape.type_name}"]
    if (allowed := shape.metadata.get("enum")) and value not in allowed:
        return [f"{path} is {value!r}, expected one of {allowed}"]
    if (pattern := shape.metadata.get("pattern")) and not re.fullmatch(pattern, value):
        return [f"{path} is {value!r}, expected {pattern}"]
    return _out_of_range(shape, len(value) if isinstance(value, str) else value, path)


def _out_of_range(shape, number, path):
    least, most = (shape.metadata.get(end) for end in ("min", "max"))
    if (least is not None and number < least) or (most is not None and number > most):
        return [f"{path} has or is {number}, expected {least} to {most}"]
    return []
