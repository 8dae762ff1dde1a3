"""Every suite: how it is written, and that each of its expectations holds for sound rows and fails for broken ones."""

import json
from pathlib import Path

import pytest

from contracts.contract import load_contracts
from lake.quality_results import RunKind
from quality.evaluate import evaluate
from quality.rules import TABLES, written_suite
from quality.suites import load_suite, of_scope, suite_names
from tests.unit import quality_cases as cases

FOLDER = Path(__file__).parents[2] / "expectations"
CONTRACTS = load_contracts()
SUITES = {table: load_suite(table) for table in suite_names()}
EXPECTATIONS = [pytest.param(t, e, id=f"{t}-{e['meta']['id']}") for t, s in SUITES.items() for e in s["expectations"]]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "false")


@pytest.mark.parametrize("table", SUITES)
def test_a_file_is_sorted_json_that_nothing_but_an_edit_of_its_sources_changes(table):
    text = (FOLDER / f"{table}.json").read_text()
    assert json.dumps(SUITES[table], indent=2, sort_keys=True) + "\n" == text
    assert '"id": null' not in text and "/home" not in text and "rendered_content" not in text


def test_a_suite_holds_its_rules_and_what_the_contracts_say_and_nothing_stale():
    assert {table: json.loads(json.dumps(written_suite(table, CONTRACTS))) for table in TABLES} == SUITES


@pytest.mark.parametrize("table", SUITES)
def test_ids_tell_the_expectations_of_a_suite_apart(table):
    ids = [e["meta"]["id"] for e in SUITES[table]["expectations"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("table", "expectation"), EXPECTATIONS)
def test_an_expectation_says_what_why_how_severe_and_for_which_runs(table, expectation):
    assert expectation["severity"] in ("critical", "warning")
    assert expectation["notes"].endswith(".") and len(expectation["notes"]) > 40
    assert expectation["description"].endswith(".") and expectation["description"] != expectation["notes"]
    assert expectation["meta"]["origin"] in ("contract", "hand-written")
    assert expectation["meta"]["scope"] in (["batch", "days"], ["batch"], ["days"])


def test_a_batch_is_not_compared_with_days_before_it():
    in_batches = of_scope(SUITES["events"], RunKind.BATCH)["expectations"]
    ids = {e["meta"]["id"] for e in in_batches}
    assert {"identity.unique", "batch_id.of_this_batch", "refund.not_above_purchase"} <= ids
    assert not {"volume", "freshness", "purchase.share"} & ids
    assert "batch_id.of_this_batch" not in {
        e["meta"]["id"] for e in of_scope(SUITES["events"], RunKind.DAYS)["expectations"]
    }


@pytest.mark.parametrize("table", SUITES)
def test_sound_rows_keep_every_expectation(table):
    found = evaluate(cases.frame(table, cases.sound(table)), SUITES[table], cases.parameters(table))
    assert [(v.expectation_id, v.found) for v in found if not v.success] == []
    assert [v.expectation_id for v in found if v.evaluated == 0 or v.found == "no values to check"] == []


@pytest.mark.parametrize(("table", "expectation"), EXPECTATIONS)
def test_broken_rows_fail_the_expectation_that_is_about_them(table, expectation):
    rows = cases.broken(table, expectation)
    only = SUITES[table] | {"expectations": [expectation]}
    (verdict,) = evaluate(cases.frame(table, rows, [expectation]), only, cases.parameters(table))
    assert not verdict.success, verdict
    assert "could not be evaluated" not in verdict.found


@pytest.mark.parametrize("table", SUITES)
def test_there_are_broken_rows_for_each_hand_written_expectation_and_no_others(table):
    written = {e["meta"]["id"] for e in SUITES[table]["expectations"] if e["meta"]["origin"] == "hand-written"}
    assert set(cases.BROKEN[table]) == written
