"""Text and JSON: what is not found is null, `$1` names a group, an object is no scalar. Pure.

https://trino.io/docs/current/functions/string.html, regexp.html, json.html, conversion.html#format
"""

import re

from sqlglot import exp

from local.athena.errors import QueryError, position
from local.athena.trino.nodes import Mend, call, literal_text, number, text

# %[flags][width][.precision]conversion, of Java's those that printf writes the same way.
FORMAT = re.compile(r"%(?:%|(?P<flags>[-0,+]*)(?P<width>\d*)(?P<precision>\.\d+)?(?P<kind>[a-zA-Z]))")
COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}


def _substring(node: exp.Expression) -> exp.Expression:
    start, length = node.args.get("start"), node.args.get("length")
    if start is None or (start.is_int and int(start.to_py()) > 0):
        return node
    return call("athena_substr_of", node.this, start, length) if length else call("athena_substr", node.this, start)


def _split_part(node: exp.Expression) -> exp.Expression:
    return call("athena_split_part", node.this, node.args["delimiter"], node.args["part_index"])


def _regexp_extract(node: exp.Expression) -> exp.Expression:
    return call("athena_regexp_extract", node.this, node.expression, node.args.get("group") or number(0))


def _regexp_replace(node: exp.Expression) -> exp.Expression:
    replacement = node.args.get("replacement")
    if replacement is None:
        return node
    written = literal_text(replacement)
    if written is None or "${" in written:
        raise QueryError(
            f"NOT_SUPPORTED: {position(node)}: the replacement of regexp_replace must be a literal, with groups as $1,"
            " in the local Athena"
        )
    groups = re.sub(r"\$(\d)", r"\\\1", written.replace("\\", "\\\\").replace("\\\\$", "\0")).replace("\0", "$")
    node.set("replacement", text(groups))
    return node


def _json_scalar(node: exp.Expression) -> exp.Expression:
    return call("athena_json_scalar", node.this, node.expression)


def _json_extract(node: exp.Expression) -> exp.Expression:
    return call("athena_json_extract", node.this, node.expression)


def _json_parse(node: exp.Expression) -> exp.Expression:
    return call("athena_json_parse", node.this)


def _format(node: exp.Expression) -> exp.Expression:
    """Values for `%s` are cast as to varchar; null is `null` as in Java."""
    pattern, values = literal_text(node.this), list(node.expressions)
    places = [m for m in FORMAT.finditer(pattern or "") if m[0] != "%%"]
    rest = FORMAT.sub("", pattern) if pattern is not None else "%"
    if "%" in rest or len(places) > len(values) or any(m["kind"] not in "sdfx" for m in places):
        raise QueryError(
            f"NOT_SUPPORTED: {position(node)}: the local Athena formats by a literal with %s, %d, %f and %x"
            " and a value for each"
        )
    written = [_value(m["kind"], value) for m, value in zip(places, values, strict=False)]
    return call("printf", text(pattern or ""), *written)


def _value(kind: str, value: exp.Expression) -> exp.Expression:
    if kind == "s":
        return exp.Coalesce(this=call("athena_to_varchar", value), expressions=[text("null")])
    return exp.cast(value, "double" if kind == "f" else "bigint")


def _comparison(node: exp.Expression) -> exp.Expression:
    """Text compares with text only; DuckDB would read the literal as the other side's type."""
    for side, other in (("this", "expression"), ("expression", "this")):
        if literal_text(node.args[side]) is not None and literal_text(node.args[other]) is None:
            node.set(other, call("athena_varchar_only", node.args[other], text(COMPARISONS[type(node)])))
            node.set(side, exp.cast(node.args[side], "varchar"))
            break
    return node


def _between(node: exp.Expression) -> exp.Expression:
    if any(literal_text(node.args[bound]) is not None for bound in ("low", "high")):
        node.set("this", call("athena_varchar_only", node.this, text("BETWEEN")))
        for bound in ("low", "high"):
            node.set(bound, exp.cast(node.args[bound], "varchar"))
    return node


def _in(node: exp.Expression) -> exp.Expression:
    if node.expressions and all(literal_text(value) is not None for value in node.expressions):
        node.set("this", call("athena_varchar_only", node.this, text("IN")))
        node.set("expressions", [exp.cast(value, "varchar") for value in node.expressions])
    return node


def _concatenated(node: exp.Expression) -> exp.Expression:
    """`||` of text and another type is refused by Trino; DuckDB would write the other as text."""
    for side, other in (("this", "expression"), ("expression", "this")):
        if literal_text(node.args[side]) is not None and literal_text(node.args[other]) is None:
            node.set(other, call("athena_varchar_only", node.args[other], text("||")))
    return node


MENDS: dict[type[exp.Expression], Mend] = {
    exp.Substring: _substring,
    exp.SplitPart: _split_part,
    exp.RegexpExtract: _regexp_extract,
    exp.RegexpReplace: _regexp_replace,
    exp.JSONExtractScalar: _json_scalar,
    exp.JSONExtract: _json_extract,
    exp.ParseJSON: _json_parse,
    exp.Format: _format,
    exp.Between: _between,
    exp.In: _in,
    exp.DPipe: _concatenated,
    **dict.fromkeys(COMPARISONS, _comparison),
}
NAMED: dict[str, Mend] = {"codepoint": lambda node: call("unicode", *node.expressions)}
