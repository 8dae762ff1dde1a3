"""The exported rules use only functions that were seen to mean the same in Spark and in DuckDB; readers may differ."""

import ast
from pathlib import Path

import pytest

JOB = Path(__file__).parents[2] / "jobs/process_events"
READERS = {"line_schema", "with_parsed_line"}
# Each was run on both engines over the same values, odd ones among them. Not here for good reasons, for example:
# trim, lower and upper (other alphabets), to_timestamp and date_format (other patterns), size of null, exists, split.
ALIKE = {
    "aggregate",  # with a neutral element in the array
    "array",
    "ascii",
    "btrim",  # with the characters given
    "coalesce",
    "col",
    "concat",
    "count",
    "encode",
    "filter",
    "first",
    "floor",  # of another type in each: cast it
    "greatest",
    "lag",
    "length",
    "lit",
    "lpad",
    "regexp_extract",
    "regexp_replace",  # without groups in the replacement
    "sha2",
    "size",  # compared by `> 0`, which no engine says of null
    "struct",
    "substring",
    "transform",
    "translate",
    "unhex",
    "unix_micros",
    "when",
}


def functions_used(path):
    """Names after `F.` in a module, outside of its readers."""
    tree = ast.parse(path.read_text())
    rules = [node for node in tree.body if getattr(node, "name", None) not in READERS]
    attributes = (node for rule in rules for node in ast.walk(rule) if isinstance(node, ast.Attribute))
    return {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "F"}


@pytest.mark.parametrize("name", ["cleaning.py", "transform.py"])
def test_rules_use_functions_that_mean_the_same_in_both_engines(name):
    strange = functions_used(JOB / name) - ALIKE
    assert not strange, f"{name} uses {sorted(strange)}; try them on both engines, or use {sorted(ALIKE)}"


def test_the_list_holds_nothing_that_no_rule_uses():
    assert functions_used(JOB / "cleaning.py") | functions_used(JOB / "transform.py") == ALIKE


@pytest.mark.parametrize("name", ["cleaning.py", "transform.py"])
def test_rules_run_no_python_for_a_row_and_no_text_of_sql_functions(name):
    tree = ast.parse((JOB / name).read_text())
    called = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    assert not called & {"udf", "pandas_udf", "mapInPandas", "mapInArrow", "rdd", "expr", "selectExpr", "toPandas"}


def test_no_pattern_looks_around_or_uses_groups_in_a_replacement():
    for name in ("cleaning.py", "transform.py"):
        source = (JOB / name).read_text()
        assert not [part for part in ("(?=", "(?!", "(?<", "$1", "\\1") if part in source]
