"""Names of result columns are known to ORDER BY only; DuckDB knows them in WHERE, GROUP BY and beside, too. Pure.

https://trino.io/docs/current/sql/select.html
"""

from sqlglot import exp

CLAUSES = ("where", "group", "having", "expressions")


def hide(tree: exp.Expression) -> None:
    """Let what is called like a result column be a column of the select's table, where it has one table only."""
    for select in tree.find_all(exp.Select):
        if (source := _sole_source(select)) and _is_no_part_of_an_expression(select):
            _qualify(select, source)


def _sole_source(select: exp.Select) -> str:
    clause = select.args.get("from_")
    if clause is None or select.args.get("joins") or select.args.get("laterals"):
        return ""
    return clause.this.alias_or_name if isinstance(clause.this, exp.Table | exp.Subquery | exp.Values) else ""


def _is_no_part_of_an_expression(select: exp.Select) -> bool:
    """A nested query may mean a column of the query around it."""
    parent = select.parent
    while isinstance(parent, exp.SetOperation | exp.Subquery):
        parent = parent.parent
    return isinstance(parent, exp.CTE | exp.From | exp.Join | exp.With | None)


def _qualify(select: exp.Select, source: str) -> None:
    names = {column.alias.lower() for column in select.expressions if isinstance(column, exp.Alias)}
    for clause in CLAUSES:
        parts = select.args.get(clause)
        for part in parts if isinstance(parts, list) else filter(None, [parts]):
            for column in part.find_all(exp.Column):
                is_own = column.find_ancestor(exp.Select) is select
                if is_own and not column.table and column.name.lower() in names and not column.is_star:
                    column.set("table", exp.to_identifier(source, quoted=True))
