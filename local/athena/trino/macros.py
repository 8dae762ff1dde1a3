"""What Trino means, written in DuckDB as macros, where the answer depends on types that only DuckDB knows. Pure.

`typeof` is a constant once a query is bound, and `cast_to_type(a, b)` gives `a` the type of `b` without computing `b`.
"""

import re
from collections.abc import Iterator

NO_ZONE = r"\d{4,}-\d{1,2}-\d{1,2}( \d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?)?"
ZONE = r"( ?([+-]\d{2}:?\d{2}|UTC|Z|[A-Za-z]+(/[A-Za-z_]+)+))?"

_MACROS = r"""
athena_fails(is_wrong, message): CASE WHEN is_wrong THEN CAST(message AS BOOLEAN) ELSE false END

athena_divide(a, b): CASE
 WHEN athena_fails(typeof(a + b) LIKE 'DECIMAL%' AND b = 0, 'DIVISION_BY_ZERO: Division by zero') THEN NULL
 WHEN typeof(a + b) LIKE 'DECIMAL%'
  THEN cast_to_type(athena_quotient(CAST(cast_to_type(a, a + b) AS VARCHAR), CAST(cast_to_type(b, a + b) AS VARCHAR)), a + b)
 WHEN typeof(a + b) IN ('DOUBLE', 'FLOAT') AND b = 0
  THEN cast_to_type(CASE WHEN a = 0 OR isnan(CAST(a AS DOUBLE)) THEN 'NaN' WHEN a > 0 THEN 'Infinity' ELSE '-Infinity' END, a + b)
 ELSE cast_to_type(a / CASE WHEN typeof(a + b) IN ('DOUBLE', 'FLOAT') THEN nullif(b, 0) ELSE b END, a + b) END
athena_unscaled(digits): CAST(replace(digits, '.', '') AS HUGEINT)
athena_scale(digits): CAST(length(split_part(digits, '.', 2)) AS INTEGER)
athena_power(n): CAST('1' || repeat('0', n) AS HUGEINT)
athena_quotient(a, b): athena_pointed(
 sign(athena_unscaled(a)) * sign(athena_unscaled(b))
 * ((2 * abs(athena_unscaled(a)) * athena_power(athena_scale(a)) + abs(athena_unscaled(b))) // nullif(2 * abs(athena_unscaled(b)), 0)),
 athena_scale(a))
athena_pointed(n, s): CASE WHEN n < 0 THEN '-' ELSE '' END
 || CAST(abs(n) // athena_power(s) AS VARCHAR) || '.' || lpad(CAST(abs(n) % athena_power(s) AS VARCHAR), s, '0')
athena_average(average, total, number, most): CASE
 WHEN typeof(most) LIKE 'DECIMAL%' THEN cast_to_type(athena_divide(total, nullif(number, 0)), most)
 ELSE cast_to_type(average, list_aggregate([most], 'quantile_cont', 0.5)) END
athena_round(x, digits): cast_to_type(round(x, digits), x + x)
athena_minus(a, b): CASE
 WHEN athena_fails(typeof(a) = 'DATE' AND typeof(b) = 'DATE', 'NOT_SUPPORTED: the local Athena does not subtract dates (Athena answers an interval); use date_diff(''day'', a, b)')
  THEN NULL ELSE a - b END

athena_date_trunc(unit, x): CASE
 WHEN athena_fails(typeof(x) = 'DATE' AND unit IN ('millisecond', 'second', 'minute', 'hour'), 'INVALID_FUNCTION_ARGUMENT: ''' || unit || ''' is not a valid DATE field')
  THEN NULL ELSE cast_to_type(date_trunc(unit, x), x) END
athena_date_diff(unit, a, b): CASE
 WHEN athena_fails(typeof(a) = 'DATE' AND typeof(b) = 'DATE' AND unit IN ('millisecond', 'second', 'minute', 'hour'), 'INVALID_FUNCTION_ARGUMENT: ''' || unit || ''' is not a valid DATE field')
  THEN NULL ELSE date_sub(unit, a, b) END
athena_plus(x, span): cast_to_type(x + span, x)
athena_minus_span(x, span): cast_to_type(x - span, x)
athena_plus_time(x, span): CASE
 WHEN athena_fails(typeof(x) = 'DATE', 'TYPE_MISMATCH: Cannot add hour, minutes or seconds to a date') THEN NULL
 ELSE cast_to_type(x + span, x) END
athena_iso8601(x): CASE
 WHEN athena_fails(typeof(x) <> 'DATE', 'NOT_SUPPORTED: the local Athena knows to_iso8601 of dates only; use date_format(x, ''%Y-%m-%dT%H:%i:%s'')')
  THEN NULL ELSE CAST(x AS VARCHAR) END
athena_sequence(a, b): generate_series(a, b, CASE WHEN b < a THEN -1 ELSE 1 END)
athena_sequence_of_dates(a, b, step): list_transform(generate_series(a, b, step), lambda v: cast_to_type(v, a))

athena_to_varchar(x): CASE
 WHEN athena_fails(typeof(x) IN ('DOUBLE', 'FLOAT'), 'NOT_SUPPORTED: the local Athena does not cast double to varchar (Athena writes 1.5E0); use format(''%.2f'', x) or cast to decimal first')
  THEN NULL
 WHEN athena_fails(typeof(x) = 'JSON', 'NOT_SUPPORTED: the local Athena does not cast json to varchar; use json_format or json_extract_scalar') THEN NULL
 WHEN athena_fails(ends_with(typeof(x), ']') OR typeof(x) LIKE 'MAP(%' OR typeof(x) LIKE 'STRUCT(%' OR typeof(x) LIKE 'TUPLE(%', 'TYPE_MISMATCH: line 1:1: Cannot cast ' || lower(typeof(x)) || ' to varchar') THEN NULL
 WHEN typeof(x) = 'TIMESTAMP' THEN athena_seconds(CAST(x AS VARCHAR), 3)
 WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN athena_seconds(CAST(x AS VARCHAR)[:-4], 6) || ' UTC'
 ELSE CAST(x AS VARCHAR) END
athena_seconds(t, least): split_part(t, '.', 1) || '.'
 || rpad(split_part(t, '.', 2), CASE WHEN length(split_part(t, '.', 2)) > least THEN 6 ELSE least END, '0')
athena_integer(x, kind, type_name): CASE
 WHEN athena_fails(typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '[+-]?\d+'), 'INVALID_CAST_ARGUMENT: Cannot cast ''' || CAST(x AS VARCHAR) || ''' to ' || type_name)
  THEN NULL
 WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN cast_to_type(round(CAST(x AS DOUBLE)), kind)
 ELSE cast_to_type(x, kind) END
athena_date(x): CASE
 WHEN athena_fails(typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '\s*\d{4,}-\d{1,2}-\d{1,2}\s*'), 'INVALID_CAST_ARGUMENT: Value cannot be cast to date: ' || CAST(x AS VARCHAR))
  THEN NULL ELSE CAST(x AS DATE) END
athena_timestamp(x): CASE
 WHEN athena_fails(typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '<no zone>'), 'INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: ' || CAST(x AS VARCHAR))
  THEN NULL ELSE CAST(x AS TIMESTAMP) END
athena_timestamptz(x): CASE
 WHEN athena_fails(typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '<no zone><zone>'), 'INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp with time zone: ' || CAST(x AS VARCHAR))
  THEN NULL ELSE CAST(x AS TIMESTAMPTZ) END
athena_varchar_only(x, operator): CASE
 WHEN athena_fails(typeof(x) NOT IN ('VARCHAR', '"NULL"'), 'TYPE_MISMATCH: Cannot apply operator: ' || lower(typeof(x)) || ' ' || operator || ' varchar') THEN NULL
 ELSE x END

athena_split_part(s, delimiter, n): CASE WHEN n <= len(string_split(s, delimiter)) THEN split_part(s, delimiter, n) END
athena_substr(s, start): CASE WHEN start = 0 OR -start > length(s) THEN '' ELSE substr(s, start) END
athena_substr_of(s, start, size): CASE WHEN start = 0 OR -start > length(s) THEN '' ELSE substr(s, start, size) END
athena_regexp_extract(s, pattern, place): CASE WHEN regexp_matches(s, pattern) THEN regexp_extract(s, pattern, place) END
athena_valid_json(json): CASE WHEN json_valid(json) THEN json END
athena_json_scalar(json, path): CASE
 WHEN json_type(athena_valid_json(json), path) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(athena_valid_json(json), path) END
athena_json_extract(json, path): json_extract(athena_valid_json(json), path)
athena_json_parse(s): CASE
 WHEN athena_fails(NOT json_valid(s), 'INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: ''' || s || '''') THEN NULL ELSE CAST(athena_valid_json(s) AS JSON) END

athena_has_null(list): list_contains(list_transform(list, lambda v: v IS NULL), true)
athena_index(list, v): CASE WHEN v IS NULL THEN list_position(list_transform(list, lambda u: u IS NULL), true) ELSE list_position(list, v) END
athena_at(list, i): CASE
 WHEN athena_fails(i > len(list), 'INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: ' || CAST(i AS VARCHAR) || ' > ' || CAST(len(list) AS VARCHAR)) THEN NULL
 WHEN athena_fails(i = 0, 'INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1') THEN NULL
 WHEN athena_fails(i < 0, 'INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || CAST(i AS VARCHAR)) THEN NULL
 ELSE list_extract(list, i) END
athena_at_key(entries, k): CASE
 WHEN athena_fails(NOT map_contains(entries, k), 'INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || CAST(k AS VARCHAR)) THEN NULL
 ELSE entries[k] END
athena_array_position(list, v): CASE WHEN list IS NOT NULL AND v IS NOT NULL THEN CAST(coalesce(list_position(list, v), 0) AS BIGINT) END
athena_array_distinct(list): list_filter(list, lambda v, i: athena_index(list, v) = i)
athena_array_max(list): CASE WHEN NOT athena_has_null(list) THEN list_max(list) END
athena_array_min(list): CASE WHEN NOT athena_has_null(list) THEN list_min(list) END
athena_contains(list, v): CASE WHEN list_contains(list, v) THEN true WHEN v IS NULL OR athena_has_null(list) THEN NULL ELSE list_contains(list, v) END
athena_slice(list, start, size): CASE
 WHEN athena_fails(start = 0, 'INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1') THEN NULL
 WHEN start > 0 THEN list_slice(list, start, start + size - 1)
 WHEN -start > len(list) THEN list_slice(list, 1, 0)
 ELSE list_slice(list, len(list) + start + 1, len(list) + start + size) END
athena_array_union(a, b): athena_array_distinct(list_concat(a, b))
athena_array_intersect(a, b): athena_array_distinct(list_filter(a, lambda v: athena_index(b, v) > 0))
athena_array_except(a, b): athena_array_distinct(list_filter(a, lambda v: coalesce(athena_index(b, v), 0) = 0))
athena_arrays_overlap(a, b): CASE
 WHEN len(list_filter(a, lambda v: list_contains(b, v))) > 0 THEN true WHEN athena_has_null(a) OR athena_has_null(b) THEN NULL WHEN a IS NOT NULL AND b IS NOT NULL THEN false END
athena_any_true(list): CASE WHEN list IS NOT NULL THEN CASE WHEN list_contains(list, true) THEN true WHEN athena_has_null(list) THEN NULL ELSE false END END
athena_all_true(list): CASE WHEN list IS NOT NULL THEN CASE WHEN list_contains(list, false) THEN false WHEN athena_has_null(list) THEN NULL ELSE true END END
athena_scalars(list): CASE
 WHEN athena_fails(typeof(list) LIKE 'STRUCT(%)[]' OR typeof(list) LIKE 'TUPLE(%)[]', 'MISMATCHED_COLUMN_ALIASES: line 1:1: an array of rows is unnested into a column per field; name each of them, or unnest transform(a, r -> r.field)')
  THEN NULL ELSE list END
"""  # noqa: E501


def _read(source: str) -> dict[str, str]:
    source = source.replace("<no zone>", NO_ZONE).replace("<zone>", ZONE)
    heads = list(re.finditer(r"^(athena_\w+)(\([^)]*\)): ", source, re.M))
    ends = [head.start() for head in heads[1:]] + [len(source)]
    return {
        head[1]: f"CREATE TEMP MACRO {head[1]}{head[2]} AS {source[head.end() : end].strip()}"
        for head, end in zip(heads, ends, strict=True)
    }


DEFINITIONS = _read(_MACROS)
_NAME = re.compile(r"\bathena_\w+", re.I)


def definitions(sql: str, defined: set[str]) -> Iterator[str]:
    """The statements that define the macros that `sql` calls, inner ones first; `defined` remembers them."""
    for name in map(str.lower, _NAME.findall(sql)):
        if name in DEFINITIONS and name not in defined:
            defined.add(name)
            yield from definitions(DEFINITIONS[name], defined)
            yield DEFINITIONS[name]
