"""`etl expectations`: what people see of the suites."""

import json

import pytest
from typer.testing import CliRunner

from cli.quality.expectations import app
from contracts.contract import load_contracts
from contracts.errors import PipelineError
from contracts.expectations import derived_expectations


def etl(*arguments):
    done = CliRunner().invoke(app, arguments)
    if isinstance(done.exception, PipelineError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_suite_is_listed_with_what_it_is_for():
    rows = {row["table"]: row for row in json.loads(etl("list", "--json"))}
    assert set(rows) == {"batches", "events", "ingestions", "rejected_events"}
    events = rows["events"]
    assert events["fail"] + events["warn"] == events["expectations"] > events["for_days"] > events["for_batches"] > 0
    assert rows["batches"]["for_batches"] == rows["batches"]["from_contracts"] == 0
    assert "rejected_events" in etl("list")


def test_a_suite_is_shown_with_severity_runs_and_columns():
    lines = [line.strip() for line in etl("show", "events").splitlines()]
    assert lines[0] == "events"
    (line,) = [line for line in lines if line.startswith("batch_id.of_this_batch")]
    assert line.split()[1:4] == ["fail", "batch", "batch_id"]
    assert any(line.split()[:4] == ["volume", "warn", "days", "(table)"] for line in lines)
    assert "many of them" not in " ".join(lines)


def test_reasons_are_shown_where_they_are_asked_for():
    shown = " ".join(etl("show", "batches", "--why").split())
    assert "recorded twice" in shown


def test_the_whole_suite_is_json_for_scripts():
    assert json.loads(etl("show", "batches", "--json"))["name"] == "batches"


def test_the_baseline_of_a_type_is_what_the_export_adds():
    assert json.loads(etl("derive", "refund")) == derived_expectations(load_contracts()["refund"])


def test_a_table_without_a_suite_and_a_type_without_a_contract_are_told():
    with pytest.raises(PipelineError) as refused:
        etl("show", "orders")
    assert str(refused.value) == (
        "there is no suite of the table 'orders'; expected one of batches, events, ingestions, rejected_events. "
        "Name one, or write its rules in quality/rules/."
    )
    with pytest.raises(PipelineError, match="there is no contract of 'order'"):
        etl("derive", "order")
