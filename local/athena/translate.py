"""Athena's SQL as DuckDB's: sqlglot's translation, and mends of where it keeps another meaning. Pure."""

from sqlglot import exp

UNNAMED = "_col?"


def to_duckdb(tree: exp.Expression, map_columns: frozenset[str] = frozenset()) -> str:
    """The DuckDB text of a query; result columns without a name are called `_col?`.

    `map_columns` are the names of columns that hold maps: unnested, they are lists of their entries.
    """
    tree = _with_marked_columns(tree.copy())
    for node in list(tree.find_all(exp.Unnest)):
        _unnest_entries(node, map_columns)
    return tree.transform(_mended).sql(dialect="duckdb")


def _unnest_entries(node: exp.Unnest, map_columns: frozenset[str]) -> None:
    for argument in node.expressions:
        if isinstance(argument, exp.Column) and argument.name.lower() in map_columns:
            argument.replace(exp.Anonymous(this="map_entries", expressions=[argument.copy()]))


def result_names(names: list[str]) -> list[str]:
    """What Athena calls the result columns: unnamed ones by their position."""
    return [f"_col{index}" if name.startswith(UNNAMED) else name for index, name in enumerate(names)]


def _with_marked_columns(tree: exp.Expression) -> exp.Expression:
    select = tree
    while isinstance(select, exp.SetOperation | exp.Subquery):
        select = select.this
    if isinstance(select, exp.Select):
        select.set("expressions", [_marked(column, i) for i, column in enumerate(select.expressions)])
    return tree


def _marked(column: exp.Expression, index: int) -> exp.Expression:
    is_named = column.is_star or isinstance(column, exp.Alias | exp.Column | exp.Dot | exp.Aliases)
    return column if is_named else exp.alias_(column, f"{UNNAMED}{index}", quoted=True)


def _mended(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Format):
        return exp.Anonymous(this="printf", expressions=[node.this, *node.expressions])
    if isinstance(node, exp.AtTimeZone):
        return _at_time_zone(node.this, node.args["zone"])
    if isinstance(node, exp.Anonymous) and node.name.lower() == "at_timezone":
        return _at_time_zone(*node.expressions)
    if isinstance(node, exp.Unnest) and isinstance(node.parent, exp.Join | exp.From):
        return _unnested(node)
    return node


def _at_time_zone(time: exp.Expression, zone: exp.Expression) -> exp.Expression:
    """Athena reads a time without zone as UTC first; DuckDB would read it in the wanted zone."""
    instant = exp.cast(time, exp.DataType.Type.TIMESTAMPTZ)
    return exp.AtTimeZone(this=instant, zone=zone)


def _unnested(node: exp.Unnest) -> exp.Expression:
    """Athena spreads the fields of an array of rows into columns; DuckDB only when asked to."""
    alias = node.args.get("alias")
    columns = alias.args.get("columns") or [] if alias else []
    if len(node.expressions) != 1 or len(columns) == 1:
        return node
    depth = exp.PropertyEQ(this=exp.to_identifier("max_depth"), expression=exp.Literal.number(2))
    spread: list[exp.Expression] = [exp.Anonymous(this="unnest", expressions=[node.expressions[0], depth])]
    if offset := node.args.get("offset"):
        spread.append(_ordinality(node.expressions[0]))
        columns = [*columns, offset] if isinstance(offset, exp.Identifier) else columns
    name = exp.TableAlias(this=alias.this, columns=columns) if alias else None
    return exp.Subquery(this=exp.select(*spread), alias=name)


def _ordinality(array: exp.Expression) -> exp.Expression:
    subscripts = exp.Anonymous(this="generate_subscripts", expressions=[array.copy(), exp.Literal.number(1)])
    return exp.alias_(subscripts, "ordinality")
