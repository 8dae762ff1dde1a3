"""What a query asks of single columns of its tables, so that whole files and partitions need not be read. Pure.

A table that is used several times may be read as far as any use needs it. When in doubt, all is read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

COMPARISONS = {exp.EQ: "=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Predicate:
    """`column operator value`; for `in` any of the values. Values are expressions without columns."""

    column: str
    operator: str
    values: tuple[exp.Expression, ...]


Conjunction = tuple[Predicate, ...]


class TableUses:
    """The conjunctions under which each table node of a query is used."""

    def __init__(self) -> None:
        self.by_node: dict[int, list[Conjunction]] = {}

    def of(self, nodes: list[exp.Table]) -> list[Conjunction]:
        """One conjunction per use of these nodes; none at all where a use has no predicate."""
        uses = [use for node in nodes for use in self.by_node.get(id(node), [()])]
        return uses if all(uses) else []


def table_uses(tree: exp.Expression) -> TableUses:
    """How `tree` (its views written out as subqueries) uses the tables in it."""
    uses = TableUses()
    _visit(tree, (), {}, uses)
    return uses


def _visit(query: exp.Expression, wanted: Conjunction, outer: dict, uses: TableUses) -> None:
    """Walk one query; `wanted` are predicates on its output columns."""
    ctes = {**outer, **{cte.alias.lower(): cte.this for cte in query.ctes}}
    if isinstance(query, exp.Subquery):
        return _visit(query.this, wanted, ctes, uses)
    if isinstance(query, exp.SetOperation):
        _visit(query.this, (), ctes, uses)
        return _visit(query.expression, (), ctes, uses)
    if isinstance(query, exp.Select):
        _visit_select(query, wanted, ctes, uses)
    return None


def _visit_select(select: exp.Select, wanted: Conjunction, ctes: dict, uses: TableUses) -> None:
    sources = _sources(select)
    passed = _through(select, wanted)
    sole = _sole_table(select, sources)
    found = [*_predicates(select.args.get("where"), sole), *((_owner(c, sole), p) for c, p in passed)]
    for alias, source in sources.items():
        conjunction = tuple(predicate for owner, predicate in found if owner == alias)
        _visit_source(source, conjunction, ctes, uses)
    for nested in _nested_queries(select):
        _visit(nested, (), ctes, uses)


def _visit_source(source: exp.Expression, conjunction: Conjunction, ctes: dict, uses: TableUses) -> None:
    if isinstance(source, exp.Subquery):
        _visit(source.this, conjunction, ctes, uses)
    elif isinstance(source, exp.Table) and not source.db and source.name.lower() in ctes:
        name = source.name.lower()
        without_itself = {alias: query for alias, query in ctes.items() if alias != name}
        _visit(ctes[name], conjunction, without_itself, uses)
    elif isinstance(source, exp.Table):
        uses.by_node.setdefault(id(source), []).append(conjunction)


def _sources(select: exp.Select) -> dict[str, exp.Expression]:
    clause = select.args.get("from_") or select.args.get("from")
    nodes = [clause.this] if clause else []
    nodes += [join.this for join in select.args.get("joins") or []]
    return {node.alias_or_name.lower(): node for node in nodes if isinstance(node, exp.Table | exp.Subquery)}


@dataclass(frozen=True)
class SoleTable:
    """The only table of a select: bare columns are its own, but for those of arrays unnested beside it."""

    alias: str
    unnested: frozenset[str]


def _sole_table(select: exp.Select, sources: dict[str, exp.Expression]) -> SoleTable | None:
    others = [j.this for j in select.args.get("joins") or [] if not isinstance(j.this, exp.Table | exp.Subquery)]
    if len(sources) != 1 or select.args.get("laterals"):
        return None
    if not all(isinstance(other, exp.Unnest) and other.alias_column_names for other in others):
        return None
    names = (name.lower() for other in others for name in other.alias_column_names)
    return SoleTable(next(iter(sources)), frozenset(names))


def _nested_queries(select: exp.Select) -> list[exp.Expression]:
    """Queries inside expressions (IN, EXISTS, scalar); those in FROM are visited as sources."""
    from_clause = set(map(id, _sources(select).values()))
    found = []
    for part in select.iter_expressions():
        if isinstance(part, exp.With):
            continue
        for query in part.find_all(exp.Select):
            if not any(id(node) in from_clause for node in _ancestors(query, select)):
                found.append(query)
    return found


def _ancestors(node: exp.Expression, top: exp.Expression) -> list[exp.Expression]:
    found = []
    while node is not None and node is not top:
        found.append(node)
        node = node.parent
    return found


def _through(select: exp.Select, wanted: Conjunction) -> list[tuple[exp.Column | str, Predicate]]:
    """Predicates on output columns that are plain columns inside, where rows are only filtered."""
    changes_rows = ("limit", "offset", "group", "having", "distinct", "qualify", "windows", "sample")
    if any(select.args.get(name) for name in changes_rows) or select.find(exp.Window, exp.AggFunc):
        return []
    outputs = {column.alias_or_name.lower(): column.unalias() for column in select.expressions}
    has_star = any(column.is_star for column in select.expressions)
    found: list[tuple[exp.Column | str, Predicate]] = []
    for predicate in wanted:
        inner = outputs.get(predicate.column)
        if isinstance(inner, exp.Column):
            found.append((inner, Predicate(inner.name.lower(), predicate.operator, predicate.values)))
        elif inner is None and has_star:
            found.append(("", predicate))
    return found


def _owner(column: exp.Column | str, sole: SoleTable | None) -> str | None:
    if isinstance(column, exp.Column) and column.table:
        return column.table.lower()
    is_unnested = sole and isinstance(column, exp.Column) and column.name.lower() in sole.unnested
    return sole.alias if sole and not is_unnested else None


def _predicates(where: exp.Expression | None, sole: SoleTable | None) -> list[tuple[str | None, Predicate]]:
    if where is None:
        return []
    parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    found = (_predicate(part.unnest()) for part in parts)
    return [(_owner(column, sole), predicate) for column, predicate in filter(None, found)]


def _predicate(node: exp.Expression) -> tuple[exp.Column, Predicate] | None:
    for kind, operator in COMPARISONS.items():
        if type(node) is kind:
            if _is_plain(node.this) and _is_constant(node.expression):
                return _made(node.this, operator, node.expression)
            if _is_plain(node.expression) and _is_constant(node.this):
                return _made(node.expression, MIRRORED[operator], node.this)
    if isinstance(node, exp.Between) and _is_plain(node.this):
        low, high = node.args["low"], node.args["high"]
        return _made(node.this, "between", low, high) if _is_constant(low) and _is_constant(high) else None
    if isinstance(node, exp.In) and _is_plain(node.this) and node.expressions:
        return _made(node.this, "in", *node.expressions) if all(map(_is_constant, node.expressions)) else None
    return None


def _made(column: exp.Column, operator: str, *values: exp.Expression) -> tuple[exp.Column, Predicate]:
    return column, Predicate(column.name.lower(), operator, values)


def _is_plain(node: exp.Expression) -> bool:
    """A column, not a field inside of one: `a.b` may be either and is then looked up by its owner."""
    return isinstance(node, exp.Column) and not node.args.get("db") and isinstance(node.this, exp.Identifier)


def _is_constant(node: exp.Expression) -> bool:
    return node.find(exp.Column, exp.Query, exp.Placeholder, exp.Rand) is None


def matches(value: object, predicate: Predicate, constants: tuple) -> bool:
    """Whether a partition value can satisfy the predicate; values of another type always can."""
    if any(type(constant) is not type(value) for constant in constants):
        return True
    if predicate.operator == "in":
        return value in constants
    if predicate.operator == "between":
        return constants[0] <= value <= constants[1]  # type: ignore[operator]
    return _COMPARE[predicate.operator](value, constants[0])


_COMPARE: dict[str, Callable] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
