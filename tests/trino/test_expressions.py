"""Where engines often differ: what Trino answers, and that the local Athena answers the same or refuses by name."""

import pytest
from trino.exceptions import TrinoQueryError

from contracts.errors import PipelineError

# Expression, its type and its value in Trino.
ANSWERS = [
    ("7 / 2", "integer", "3"),
    ("-7 / 2", "integer", "-3"),
    ("-7 % 3", "integer", "-1"),
    ("1 / 3.0", "decimal", "0.3"),
    ("DECIMAL '1.00' / 3", "decimal", "0.33"),
    ("DECIMAL '2.50' * DECIMAL '1.10'", "decimal", "2.7500"),
    ("1e0 / 0", "double", "Infinity"),
    ("round(DECIMAL '2.345', 2)", "decimal", "2.350"),
    ("round(-2.5e0)", "double", "-3.0"),
    ("CAST(2.5 AS bigint)", "bigint", "3"),
    ("try(1 / 0)", "integer", None),
    ("date_diff('hour', TIMESTAMP '2026-03-01 10:59:00', TIMESTAMP '2026-03-01 11:01:00')", "bigint", "0"),
    ("date_diff('month', DATE '2026-01-30', DATE '2026-03-01')", "bigint", "1"),
    # The last day of a month is a whole month after the last day of the one before.
    ("date_diff('month', DATE '2026-01-31', DATE '2026-02-28')", "bigint", "1"),
    ("date_diff('day', DATE '2026-03-02', DATE '2026-03-01')", "bigint", "-1"),
    ("date_trunc('week', DATE '2026-03-01')", "date", "2026-02-23"),
    ("date_trunc('month', DATE '2026-03-31')", "date", "2026-03-01"),
    ("date_add('month', 1, DATE '2026-01-31')", "date", "2026-02-28"),
    ("day_of_week(DATE '2026-03-01')", "bigint", "7"),
    ("format_datetime(TIMESTAMP '2026-03-01 13:05:00', 'yyyy-MM-dd HH:mm')", "varchar", "2026-03-01 13:05"),
    ("date_format(TIMESTAMP '2026-03-01 13:05:00', '%Y-%m-%d %H:%i')", "varchar", "2026-03-01 13:05"),
    ("from_iso8601_timestamp('2026-03-01T10:00:00Z') = TIMESTAMP '2026-03-01 11:00:00 +01:00'", "boolean", "true"),
    ("CAST(TIMESTAMP '2026-03-01 23:30:00 UTC' AT TIME ZONE 'Europe/Berlin' AS date)", "date", "2026-03-02"),
    ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a.b')", "varchar", "1"),
    ("json_extract_scalar('{\"a\": null}', '$.a')", "varchar", None),
    ("json_extract_scalar('{\"a\": {}}', '$.a')", "varchar", None),
    # The reader of a text stops once it has what it looks for.
    ("json_extract_scalar('{\"a\": \"x\"', '$.a')", "varchar", "x"),
    ("try(json_extract_scalar(json_parse('{\"a\": \"x\"'), '$.a'))", "varchar", None),
    ("substr('abc', -2)", "varchar", "bc"),
    ("split_part('a,b', ',', 3)", "varchar", None),
    ("strpos('abc', 'd')", "bigint", "0"),
    ("greatest(1, NULL)", "integer", None),
    ("'a' || CAST(NULL AS varchar)", "varchar", None),
    ("format('%03d', 7)", "varchar", "007"),
    ("element_at(ARRAY[1, 2], 3)", "integer", None),
    ("cardinality(ARRAY[])", "bigint", "0"),
    ("array_join(ARRAY['a', NULL, 'b'], ',')", "varchar", "a,b"),
    ("regexp_extract('ab12', '(\\d)(\\d)', 2)", "varchar", "2"),
    ("(SELECT sum(n) FROM UNNEST(ARRAY[ROW('a', 1), ROW('b', 2)]) AS t (name, n))", "bigint", "3"),
    ("(SELECT avg(x) FROM (VALUES DECIMAL '1.10', DECIMAL '1.15') t (x))", "decimal", "1.13"),
    ("(SELECT sum(x) FROM (VALUES DECIMAL '1.10') t (x))", "decimal", "1.10"),
    ("(SELECT array_join(array_agg(x ORDER BY x DESC), ',') FROM (VALUES 2, 1, NULL) t (x))", "varchar", "2,1"),
    ("(SELECT x FROM (VALUES 1, NULL) t (x) ORDER BY x LIMIT 1)", "integer", "1"),
    ("(SELECT x FROM (VALUES 1, NULL) t (x) ORDER BY x DESC LIMIT 1)", "integer", "1"),
    ("(SELECT approx_percentile(x, 0.5) FROM (VALUES 1, 2, 3) t (x))", "bigint", "2"),
    ("(SELECT count(DISTINCT x) FROM (VALUES 1, NULL, 1) t (x))", "bigint", "1"),
]
# What the local Athena says otherwise, and why; no shipped statement has it.
DIFFERENCES = {
    "DECIMAL '1.00' / 3": "a decimal literal has three digits after the point",
    "DECIMAL '2.50' * DECIMAL '1.10'": "a decimal literal has three digits after the point",
    "(SELECT avg(x) FROM (VALUES DECIMAL '1.10', DECIMAL '1.15') t (x))": "so do decimal literals in rows",
    "(SELECT sum(x) FROM (VALUES DECIMAL '1.10') t (x))": "so do decimal literals in rows",
    "from_iso8601_timestamp('2026-03-01T10:00:00Z') = TIMESTAMP '2026-03-01 11:00:00 +01:00'": "offsets are no zones",
    "json_extract_scalar('{\"a\": \"x\"', '$.a')": "a text is parsed as a whole",
    "try(json_extract_scalar(json_parse('{\"a\": \"x\"'), '$.a'))": "try does not hold for constants",
    "(SELECT approx_percentile(x, 0.5) FROM (VALUES 1, 2, 3) t (x))": "of integers it is an integer",
}
# Expression and how Trino's refusal begins.
FAILURES = [
    ("1 / 0", "DIVISION_BY_ZERO"),
    ("2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE"),
    ("CAST('1.5' AS bigint)", "INVALID_CAST_ARGUMENT"),
    ("CAST(300 AS tinyint)", "NUMERIC_VALUE_OUT_OF_RANGE"),
    ("ARRAY[1, 2][3]", "INVALID_FUNCTION_ARGUMENT"),
    ("date_trunc('hour', DATE '2026-01-01')", "INVALID_FUNCTION_ARGUMENT"),
    ("json_parse('nope')", "INVALID_FUNCTION_ARGUMENT"),
    ("1 = '1'", "TYPE_MISMATCH"),
]


@pytest.fixture(scope="module")
def lake(warehouse):
    return warehouse()


def but_for_known_differences(answers):
    for expression, kind, value in answers:
        marks = [pytest.mark.xfail(reason=DIFFERENCES[expression])] if expression in DIFFERENCES else []
        yield pytest.param(expression, kind, value, marks=marks)


def said(engine, expression):
    answer = engine.ask(f"SELECT {expression} AS found")
    return answer.types[0], answer.rows[0][0]


@pytest.mark.parametrize(("expression", "kind", "value"), ANSWERS)
def test_trino_answers(lake, expression, kind, value):
    assert said(lake.trino, expression) == (kind, value)


@pytest.mark.parametrize(("expression", "kind", "value"), list(but_for_known_differences(ANSWERS)))
def test_the_local_athena_answers_as_trino_or_refuses_by_name(lake, expression, kind, value):
    try:
        found = said(lake, expression)
    except PipelineError as error:
        assert "NOT_SUPPORTED" in str(error)
    else:
        assert found == (kind, value)


@pytest.mark.parametrize(("expression", "name"), FAILURES)
def test_trino_refuses(lake, expression, name):
    with pytest.raises(TrinoQueryError) as error:
        said(lake.trino, expression)
    assert error.value.error_name == name


@pytest.mark.parametrize(("expression", "name"), FAILURES)
def test_the_local_athena_refuses_what_trino_refuses(lake, expression, name):
    with pytest.raises(PipelineError, match=r"failed: [A-Z_]+: "):
        said(lake, expression)
