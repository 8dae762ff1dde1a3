"""Numbers: division and average of decimals keep their scale, doubles divide by zero, half rounds up. Pure."""

from sqlglot import exp

from local.athena.trino.nodes import Mend, around, call, is_interval, rebuilt


def _divided(node: exp.Expression) -> exp.Expression:
    return call("athena_divide", node.this, node.expression)


def _average(node: exp.Expression) -> exp.Expression:
    """Of decimals it is their sum by their number, at their scale."""
    parts = [rebuilt(node, kind(this=node.this.copy())) for kind in (exp.Avg, exp.Sum, exp.Count, exp.Max)]
    around(node).replace(call("athena_average", *parts))
    return node


def _rounded(node: exp.Expression) -> exp.Expression:
    digits = node.args.get("decimals")
    return call("athena_round", node.this, digits) if digits else node


def _difference(node: exp.Expression) -> exp.Expression:
    sides = (node.this, node.expression)
    are_no_dates = any(is_interval(side) or isinstance(side, exp.Literal | exp.Mul) for side in sides)
    return node if are_no_dates else call("athena_minus", *sides)


MENDS: dict[type[exp.Expression], Mend] = {
    exp.Div: _divided,
    exp.Avg: _average,
    exp.Round: _rounded,
    exp.Sub: _difference,
}
