"""What Trino, Athena's engine, answers to literals; what the local Athena cannot answer so is refused by name."""

import re
from pathlib import Path

import pytest

from local.athena.errors import InvalidRequest, QueryError
from local.athena.results import csv_text, text_rows
from local.athena.session import Session
from local.athena.statements import read_statement
from local.athena.trino.functions import ANSWERED

# Topics of expressions with their values in Athena's CSV: `expression ==> value`, where null is empty.
EXPRESSIONS = dict(
    part.split("]\n", 1) for part in (Path(__file__).parent / "athena_expressions.txt").read_text().split("\n[")[1:]
)

# A query and its rows in Athena's CSV, a line each.
QUERIES = [
    ("SELECT avg(x) FROM (VALUES 1.10, 1.15) t(x)", ['"1.13"']),
    ("SELECT avg(x) FROM (VALUES 1, 2) t(x)", ['"1.5"']),
    ("SELECT avg(DISTINCT x), avg(x) FILTER (WHERE x > 1.12) FROM (VALUES 1.10, 1.15, 1.15) t(x)", ['"1.13","1.15"']),
    ("SELECT avg(x) OVER (PARTITION BY 1) FROM (VALUES 1.10, 1.15) t(x)", ['"1.13"', '"1.13"']),
    ("SELECT avg(x), sum(x), count(x) FROM (VALUES 1.10) t(x) WHERE x > 2", [',,"0"']),
    ("SELECT 100.0 * sum(x) / count(*) FROM (VALUES 1, 1, 2) t(x)", ['"133.3"']),
    ("SELECT x / 3 FROM (VALUES 1.00) t(x) GROUP BY x / 3", ['"0.33"']),
    ("SELECT sum(a) / sum(sum(a)) OVER () FROM (VALUES 1e0, 3e0) t(a) GROUP BY a ORDER BY a", ['"0.25"', '"0.75"']),
    ("SELECT sum(x) FROM (VALUES 9223372036854775806, 1) t(x)", ['"9223372036854775807"']),
    ("SELECT x FROM (VALUES 2, NULL, 1) t(x) ORDER BY x", ['"1"', '"2"', ""]),
    ("SELECT x FROM (VALUES 2, NULL, 1) t(x) ORDER BY x DESC", ['"2"', '"1"', ""]),
    (
        "SELECT row_number() OVER (ORDER BY x DESC), x FROM (VALUES 2, NULL) t(x) ORDER BY 1",
        ['"1","2"', '"2",'],
    ),
    ("SELECT array_agg(x ORDER BY x DESC) FROM (VALUES 2, NULL, 1) t(x)", ['"[2, 1, null]"']),
    ("SELECT array_agg(x) FILTER (WHERE x > 1) FROM (VALUES 2, NULL, 3) t(x)", ['"[2, 3]"']),
    (
        "SELECT count_if(x > 1), bool_and(x > 1), bool_or(x > 1), every(x > 0) FROM (VALUES 2, 1) t(x)",
        ['"1","false","true","true"'],
    ),
    (
        "SELECT max_by(a, b), min_by(a, b), max_by(a, b, 2), max(b, 2), min(a)"
        " FROM (VALUES ('x', 1), ('y', 2)) t(a, b)",
        ['"y","x","[y, x]","[2, 1]","x"'],
    ),
    ("SELECT arbitrary(x), any_value(x) FROM (VALUES NULL, 1) t(x)", ['"1","1"']),
    (
        "SELECT a, b, count(*) FROM (VALUES ('x', 1), ('y', 1)) t(a, b) GROUP BY GROUPING SETS ((a), (b), ())"
        " ORDER BY a, b",
        ['"x",,"1"', '"y",,"1"', ',"1","2"', ',,"2"'],
    ),
    ("SELECT a, grouping(a) FROM (VALUES 'x') t(a) GROUP BY ROLLUP (a) ORDER BY 2", ['"x","0"', ',"1"']),
    (
        "SELECT histogram(a), map_agg(a, b) FILTER (WHERE b > 1) FROM (VALUES ('x', 1), ('y', 2)) t(a, b)",
        ['"{x=1, y=1}","{y=2}"'],
    ),
    (
        "SELECT variance(x), stddev(x), var_pop(x), stddev_pop(x), var_samp(x), stddev_samp(x)"
        " FROM (VALUES 1, 2, 3) t(x)",
        ['"1.0","1.0","0.6666666666666666","0.816496580927726","1.0","1.0"'],
    ),
    (
        "SELECT corr(x, y), covar_pop(x, y), regr_slope(x, y), geometric_mean(x) FROM (VALUES (1e0, 2e0), (4e0, 8e0))"
        " t(x, y)",
        ['"1.0","4.5","0.5","2.0"'],
    ),
    (
        "SELECT approx_percentile(x, 0.5), approx_percentile(x, ARRAY[0.5, 0.9]), approx_distinct(x)"
        " FROM (VALUES 1, 2, 3) t(x)",
        ['"2","[2, 3]","3"'],
    ),
    ("SELECT listagg(x, ',') WITHIN GROUP (ORDER BY x) FROM (VALUES 'b', 'a') t(x)", ['"a,b"']),
    ("SELECT x FROM (VALUES 1, 2, 3) t(x) ORDER BY x OFFSET 1 LIMIT 1", ['"2"']),
    ("SELECT x FROM (VALUES 1, 2, 3) t(x) ORDER BY x OFFSET 1 ROW FETCH NEXT 1 ROW ONLY", ['"2"']),
    ("SELECT DISTINCT x FROM (VALUES 1, 1, 2) t(x) ORDER BY x", ['"1"', '"2"']),
    (
        "SELECT x, sum(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES 1, 2, 3) t(x)"
        " ORDER BY x",
        ['"1","1"', '"2","3"', '"3","5"'],
    ),
    (
        "SELECT lag(x) OVER w, lead(x, 1, 0) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2)"
        " OVER w, ntile(2) OVER w, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w"
        " FROM (VALUES 1, 2) t(x) WINDOW w AS (ORDER BY x) ORDER BY 1 NULLS FIRST",
        [',"2","1","1",,"1","1","1","0.0","0.5"', '"1","0","1","2","2","2","2","2","1.0","1.0"'],
    ),
    ("SELECT sum(x) OVER (ORDER BY x) FROM (VALUES 1, 1, 2) t(x) ORDER BY 1", ['"2"', '"2"', '"4"']),
    (
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r ORDER BY n",
        ['"1"', '"2"', '"3"'],
    ),
    ("SELECT x + 1 AS x FROM (VALUES 1, 2) t(x) WHERE x > 1 GROUP BY x ORDER BY x", ['"3"']),
    ("SELECT -x AS y FROM (SELECT x FROM (VALUES 1, 2) t(x)) s ORDER BY y", ['"-2"', '"-1"']),
    ("SELECT TRY(CAST(x AS integer)), TRY_CAST(x AS date) FROM (VALUES 'x') t(x)", [","]),
    ("SELECT TRY(json_extract_scalar(from_utf8(from_base64(x)), '$.a')) FROM (VALUES '/w==') t(x)", [""]),
    ("SELECT x FROM (VALUES 'a', 'b') t(x) WHERE x IN ('a', 'c') AND x BETWEEN 'a' AND 'b' AND x <> 'b'", ['"a"']),
    ("SELECT a, b FROM UNNEST(ARRAY[ROW(1, 'x'), NULL]) AS t (a, b)", ['"1","x"', ","]),
    (
        "SELECT a, n FROM UNNEST(ARRAY[ARRAY[1, 2], ARRAY[3]]) WITH ORDINALITY AS t (a, n)",
        ['"[1, 2]","1"', '"[3]","2"'],
    ),
    (
        "SELECT x, y, n FROM UNNEST(ARRAY['a', 'b'], ARRAY[1]) WITH ORDINALITY AS t (x, y, n)",
        ['"a","1","1"', '"b",,"2"'],
    ),
    ("SELECT k, v FROM UNNEST(MAP(ARRAY['a', 'b'], ARRAY[1, 2])) AS t (k, v)", ['"a","1"', '"b","2"']),
    (
        "SELECT a, y FROM (VALUES (1, ARRAY['p']), (2, ARRAY[])) s (a, l) LEFT JOIN UNNEST(l) AS t (y) ON TRUE"
        " ORDER BY a",
        ['"1","p"', '"2",'],
    ),
    ("SELECT (SELECT sum(y) FROM UNNEST(l) AS t (y)) FROM (VALUES (1, ARRAY[1, 2])) s (a, l)", ['"3"']),
]

DIVIDED_BY_ZERO = "DIVISION_BY_ZERO: Division by zero"
# A query and how its failure begins.
FAILURES = [
    ("SELECT 1 / 0", DIVIDED_BY_ZERO),
    ("SELECT 1.0 / 0", DIVIDED_BY_ZERO),
    ("SELECT 1 % 0", DIVIDED_BY_ZERO),
    ("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1"),
    ("SELECT 9223372036854775807 + 1", "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 92233720368547758"),
    ("SELECT sum(x) FROM (VALUES 9223372036854775807, 1) t(x)", "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow"),
    ("SELECT CAST('a' AS bigint)", "INVALID_CAST_ARGUMENT: Cannot cast 'a' to BIGINT"),
    ("SELECT CAST('1.5' AS bigint)", "INVALID_CAST_ARGUMENT: Cannot cast '1.5' to BIGINT"),
    ("SELECT CAST(300 AS tinyint)", "INVALID_CAST_ARGUMENT: Out of range for tinyint: 300"),
    ("SELECT CAST('2026-13-01' AS date)", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2026-13-01"),
    ("SELECT CAST('today' AS date)", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: today"),
    (
        "SELECT CAST('2026-01-01T10:00:00Z' AS timestamp)",
        "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: 2026-01-01T10:00:00Z",
    ),
    ("SELECT CAST(ARRAY[1] AS varchar)", "TYPE_MISMATCH: line 1:1: Cannot cast integer[] to varchar"),
    ("SELECT date_parse('x', '%Y-%m-%d')", 'INVALID_FUNCTION_ARGUMENT: Invalid format: "x"'),
    ("SELECT json_parse('nope')", "INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: 'nope'"),
    (
        "SELECT ARRAY[1, 2][3]",
        "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 3 > 2",
    ),
    ("SELECT MAP(ARRAY['a'], ARRAY[1])['b']", "INVALID_FUNCTION_ARGUMENT: Key not present in map: b"),
    ("SELECT x FROM (VALUES DATE '2026-01-01') t(x) WHERE x >= '2026-01-01'", "TYPE_MISMATCH: Cannot apply operator"),
    ("SELECT x FROM (VALUES 1) t(x) WHERE x = '1'", "TYPE_MISMATCH: Cannot apply operator: integer = varchar"),
    ("SELECT x FROM (VALUES 1) t(x) WHERE x IN ('1')", "TYPE_MISMATCH: Cannot apply operator: integer IN varchar"),
    ("SELECT 'a' || 1", "TYPE_MISMATCH: Cannot apply operator: integer || varchar"),
    ("SELECT DATE '2026-01-01' + interval '1' hour", "TYPE_MISMATCH: Cannot add hour, minutes or seconds to a date"),
    ("SELECT date_trunc('hour', DATE '2026-01-01')", "INVALID_FUNCTION_ARGUMENT: 'hour' is not a valid DATE field"),
    (
        "SELECT date_diff('hour', DATE '2026-01-01', DATE '2026-01-02')",
        "INVALID_FUNCTION_ARGUMENT: 'hour' is not a valid DATE field",
    ),
    ("SELECT a FROM UNNEST(ARRAY[ROW(1, 'x')]) AS t (a)", "MISMATCHED_COLUMN_ALIASES"),
    ("SELECT a FROM UNNEST(ARRAY[ROW(1, 'x')]) AS t (a, b, c)", "MISMATCHED_COLUMN_ALIASES"),
    ("SELECT x + 1 AS y FROM (VALUES 1) t(x) WHERE y > 1", "COLUMN_NOT_FOUND: line 1:17: Column 'y' cannot be res"),
    ("SELECT x + 1 AS y, count(*) FROM (VALUES 1) t(x) GROUP BY y", "COLUMN_NOT_FOUND: line 1:17: Column 'y' cann"),
    ("SELECT x + 1 AS y, y + 1 FROM (VALUES 1) t(x)", "COLUMN_NOT_FOUND: line 1:17: Column 'y' cannot be resolved"),
    ("SELECT string_agg(x, ',') FROM (VALUES 'a') t(x)", "FUNCTION_NOT_FOUND: line 1:8: Function 'string_agg' not reg"),
    ("SELECT list_sort(ARRAY[2, 1])", "FUNCTION_NOT_FOUND: line 1:8: Function 'list_sort' not registered"),
    ("SELECT epoch_ms(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'epoch_ms' not registered"),
    # Right in Athena, and refused rather than answered otherwise.
    ("SELECT DATE '2026-01-03' - DATE '2026-01-01'", "NOT_SUPPORTED: the local Athena does not subtract dates"),
    ("SELECT CAST(1.5e0 AS varchar)", "NOT_SUPPORTED: the local Athena does not cast double to varchar"),
    ("SELECT CAST('a' AS char(3))", "NOT_SUPPORTED: line 1:1: the local Athena has no char(n)"),
    ("SELECT CAST(json_parse('{}') AS varchar)", "NOT_SUPPORTED: the local Athena does not cast json to varchar"),
    ("SELECT to_iso8601(now())", "NOT_SUPPORTED: the local Athena knows to_iso8601 of dates only"),
    ("SELECT now() AT TIME ZONE 'Europe/Berlin'", "NOT_SUPPORTED: line 1:1: the local Athena keeps no time zone"),
    ("SELECT format_datetime(now(), 'GG')", "NOT_SUPPORTED: the local Athena does not know 'GG' in the pattern 'GG'"),
    ("SELECT format('%e', 1.5e0)", "NOT_SUPPORTED: line 1:8: the local Athena formats by a literal with %s"),
    ("SELECT reduce(ARRAY[1], 0, (s, x) -> s + x, s -> s * 10)", "NOT_SUPPORTED: line 1:8: the local Athena knows red"),
    ("SELECT x FROM UNNEST(ARRAY[1, 2])", "NOT_SUPPORTED: line 1:1: the local Athena needs names"),
    ("SELECT zip_with(ARRAY[1], ARRAY[2], (x, y) -> x + y)", "NOT_SUPPORTED: line 1:8: function zip_with is not supp"),
    ("SELECT typeof(1)", "NOT_SUPPORTED: line 1:8: function typeof is not supported by the local Athena"),
    ("SELECT url_extract_host('https://a.b/c')", "NOT_SUPPORTED: line 1:8: function url_extract_host is not supported"),
]


def lines(sql):
    session = Session(None, None)
    try:
        answer = session.run(read_statement(sql), "lake")
        return [line.rstrip("\n") for line in csv_text(answer.columns, text_rows(answer.rows))][1:]
    finally:
        session.close()


@pytest.mark.parametrize("topic", EXPRESSIONS)
def test_expressions_have_the_values_of_trino(topic):
    expressions = [[part.strip() for part in line.split("==>")] for line in EXPRESSIONS[topic].strip().splitlines()]
    (line,) = lines("SELECT " + ", ".join(expression for expression, _ in expressions))
    found = re.findall(r'((?:"(?:[^"]|"")*")?)(?:,|$)', line)[: len(expressions)]
    differences = [(e, v, f) for (e, v), f in zip(expressions, found, strict=True) if f != v]
    assert differences == []


@pytest.mark.parametrize(("sql", "expected"), QUERIES)
def test_queries_have_the_rows_of_trino(sql, expected):
    assert lines(sql) == expected


@pytest.mark.parametrize(("sql", "reason"), FAILURES)
def test_what_fails_or_is_not_answered_as_trino_does_says_why(sql, reason):
    with pytest.raises(QueryError) as error:
        lines(sql)
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SELECT x FROM t LIMIT 1 OFFSET 1", "line 1:25: mismatched input 'OFFSET'"),
        ("SELECT x::integer FROM t", "line 1:9: mismatched input '::'"),
        ("SELECT x FROM t WHERE x == 1", "line 1:25: mismatched input '=='"),
        ("SELECT x FROM t QUALIFY x > 1", "line 1:25: mismatched input 'x'"),
        ("SELECT x FROM t WHERE x ILIKE 'a'", "line 1:25: mismatched input 'ILIKE'"),
        ("SELECT x FROM t ORDER BY x FETCH FIRST 2 ROWS WITH TIES", "FETCH FIRST … WITH TIES is not supported"),
    ],
)
def test_what_only_the_parser_takes_is_refused(sql, place):
    with pytest.raises(InvalidRequest, match=re.escape(place)):
        read_statement(sql)


def test_every_function_that_is_answered_has_an_expectation():
    text = " ".join([*EXPRESSIONS.values(), *(sql for sql, _ in QUERIES)]).lower()
    assert sorted(name for name in ANSWERED if not re.search(rf"\b{name}\s*\(", text)) == []
