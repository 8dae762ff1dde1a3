"""UNNEST: an array of rows is a column per field, a map two columns; several are read side by side. Pure.

https://trino.io/docs/current/sql/select.html#unnest
"""

from sqlglot import exp

from local.athena.errors import QueryError, position
from local.athena.trino.nodes import call, is_map, number


def unnested(node: exp.Unnest, map_columns: frozenset[str]) -> exp.Expression:
    """A subquery with a column for each that the alias names."""
    alias = node.args.get("alias")
    names = list(alias.args.get("columns") or []) if alias else []
    if not names:
        raise QueryError(
            f"NOT_SUPPORTED: {_place(node)}: the local Athena needs names for what is unnested: UNNEST(…) AS t (a, b)"
        )
    arrays = [_entries(array, map_columns) for array in node.expressions]
    spread = _are_rows(node, [is_map(array, map_columns) for array in node.expressions], len(names))
    columns = [_column(array, is_spread) for array, is_spread in zip(arrays, spread, strict=True)]
    if offset := node.args.get("offset"):
        columns.append(_ordinality(arrays))
        names = [*names, offset if isinstance(offset, exp.Identifier) else exp.to_identifier("ordinality")]
    return exp.Subquery(this=exp.select(*columns), alias=exp.TableAlias(this=alias.this, columns=names))


def _are_rows(node: exp.Unnest, are_maps: list[bool], names: int) -> list[bool]:
    """Which arrays take a column per field, by the number of names."""
    if len(are_maps) == 1:
        return [are_maps[0] or names > 1]
    if names == len(are_maps) + sum(are_maps):
        return are_maps
    raise QueryError(
        f"NOT_SUPPORTED: {_place(node)}: the local Athena unnests {len(are_maps)} arrays side by side only where"
        f" each is one column, not {names}; unnest arrays of rows one by one"
    )


def _place(node: exp.Unnest) -> str:
    return position(next((found for found in node.find_all(exp.Identifier) if "line" in found.meta), None))


def _entries(array: exp.Expression, map_columns: frozenset[str]) -> exp.Expression:
    return call("map_entries", array) if is_map(array, map_columns) else array


def _column(array: exp.Expression, is_spread: bool) -> exp.Expression:
    if not is_spread:
        return call("unnest", call("athena_scalars", array))
    depth = exp.PropertyEQ(this=exp.to_identifier("max_depth"), expression=number(2))
    return call("unnest", array, depth)


def _ordinality(arrays: list[exp.Expression]) -> exp.Expression:
    lengths = [exp.Coalesce(this=call("len", array.copy()), expressions=[number(0)]) for array in arrays]
    longest = call("greatest", *lengths) if len(lengths) > 1 else lengths[0]
    return call("unnest", call("generate_series", number(1), longest))
