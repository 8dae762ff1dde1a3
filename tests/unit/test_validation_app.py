import sys
from datetime import UTC, datetime

import pytest

from contracts.contract import load_contracts
from contracts.examples import example_of
from lake.documents import read_json, write_json
from lake.layout import batch_document_key
from lake.quality_results import read_results
from lambdas.validation import app
from quality.gate import suite
from quality.suites import columns_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
REPORT = "data-quality/batch_date=2026-11-22/b1.html"
REFUND = {
    "user_id": "u1", "refund_id": "r", "order_id": "o", "product_id": "p", "currency": "EUR", "reason": "late",
}  # fmt: skip
EDIT = example_of(load_contracts()["wikipedia_edit"].document) | {"time": NOON}


@pytest.fixture
def deployed(lake, monkeypatch):
    """A lake whose function has its settings."""
    monkeypatch.setenv("STAGING_BUCKET", lake.staging)
    monkeypatch.setenv("REPORTS_BUCKET", lake.reports)
    monkeypatch.setenv("PROCESSED_BUCKET", lake.processed)
    monkeypatch.setenv("ERROR_BUCKET", "error")
    lake.s3.create_bucket(Bucket="error", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    app.settings.cache_clear()
    app.s3.cache_clear()
    plan(lake)
    return lake


def plan(lake, **changes):
    """The batch's manifest."""
    manifest = {"batch_id": "b1", "batch_date": "2026-11-22", "started_at": "2026-11-22T12:00:00.000000Z"}
    manifest |= {"raw_objects": [{"lines": 2}, {"lines": 1}], **changes}
    write_json(lake.s3, lake.staging, batch_document_key("b1", "manifest"), manifest)


def validate(lake, *rows):
    document = {"batch_id": "b1", "files": lake.write("b1", rows), "rows": len(rows), "misses": {}}
    write_json(lake.s3, lake.staging, batch_document_key("b1", "enrichment"), document)
    return app.handler({"batch_id": "b1"}, None)


def left(lake):
    return read_json(lake.s3, lake.staging, batch_document_key("b1", "validation"))


def edit(lake, event_id):
    return lake.row(event_id, event_type="wikipedia_edit", wikipedia_edit=EDIT)


def refund(lake, event_id, amount):
    return lake.row(event_id, event_type="refund", refund=REFUND | {"amount": amount}, customer={"customer_id": "u1"})


def test_a_batch_of_wikipedia_edits_passes(deployed):
    answer = validate(deployed, edit(deployed, "1"), edit(deployed, "2"))
    assert (answer["success"], answer["rows"]) == (True, 2)
    assert left(deployed)["failed"] == left(deployed)["warnings"] == []
    assert left(deployed)["report_uri"] == f"s3://{deployed.reports}/{REPORT}"


def test_a_batch_of_several_types_passes(deployed):
    validate(deployed, edit(deployed, "1"), refund(deployed, "2", 3))
    assert left(deployed)["evaluated"] == len(app.suite()["expectations"])


def test_data_that_fails_is_an_answer_and_what_people_decide_by_is_written_before(deployed):
    answer = validate(deployed, refund(deployed, "1", 0), refund(deployed, "2", 3))
    assert (answer["success"], left(deployed)["success"]) == (False, False)
    assert "refund.amount.within_contract (1 of 2 values break it)" in answer["cause"]
    assert "See s3://reports/data-quality/" in answer["cause"]
    html = deployed.s3.get_object(Bucket=deployed.reports, Key=REPORT)
    assert html["ContentType"] == "text/html; charset=utf-8"
    assert "none of its rows is visible" in html["Body"].read().decode()


def test_an_unknown_customer_is_a_warning(deployed):
    validate(deployed, refund(deployed, "1", 3) | {"customer": None})
    assert "is_customer_known" in [entry["column"] for entry in left(deployed)["warnings"]]


def test_a_batch_without_rows_passes_without_great_expectations(deployed, monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    answer = validate(deployed)
    assert (answer["success"], answer["rows"], answer["evaluated"]) == (True, 0, 0)
    assert deployed.keys(deployed.reports) == [REPORT]


def test_results_of_every_expectation_are_left_where_data_fails(deployed):
    validate(deployed, refund(deployed, "1", 0), refund(deployed, "2", 3))
    results = list(read_results(deployed.s3, deployed.processed))
    assert [r.expectation_id for r in results] == [e["meta"]["id"] for e in app.suite()["expectations"]]
    failed = {r.expectation_id: (r.severity, r.evaluated, r.unexpected) for r in results if not r.success}
    assert failed == {
        "refund.amount.more_than_nothing": ("fail", 2, 1),
        "refund.amount.within_contract": ("fail", 2, 1),
        "reporting.amount.there": ("warn", 2, 2),
    }
    assert {(r.run_id, r.run_kind, r.table_name, r.data_date, r.row_count) for r in results} == {
        ("b1", "batch", "events", "2026-11-22", 2)
    }
    assert {r.report_uri for r in results} == {left(deployed)["report_uri"]}


def test_a_batch_validated_again_overwrites_its_results(deployed):
    validate(deployed, edit(deployed, "1"))
    validate(deployed, edit(deployed, "1"))
    assert deployed.keys(deployed.processed, ".ndjson.gz") == ["data_quality/results/run_date=2026-11-22/b1.ndjson.gz"]


KEPT_BACK = "quarantine/quarantine_date=2026-11-22/b1.json"


def test_what_people_decide_by_has_a_few_rows_with_identity_and_the_columns_concerned(deployed):
    validate(deployed, *(refund(deployed, str(number), 0) for number in range(7)), edit(deployed, "e"))
    assert left(deployed)["quarantine_uri"] == f"s3://error/{KEPT_BACK}"
    kept_back = read_json(deployed.s3, "error", KEPT_BACK)
    assert (kept_back["batch_id"], kept_back["raw_lines"], kept_back["rows"]) == ("b1", 3, 8)
    assert kept_back["counts"] == [
        {"event_type": "refund", "event_date": "2026-11-22", "rows": 7},
        {"event_type": "wikipedia_edit", "event_date": "2026-11-22", "rows": 1},
    ]
    failed = {entry["expectation_id"]: entry for entry in kept_back["failed"]}
    assert sorted(failed) == ["refund.amount.more_than_nothing", "refund.amount.within_contract"]
    samples = failed["refund.amount.within_contract"]["samples"]
    assert samples == [{"source": "/shop", "event_id": str(number), "refund.amount": 0.0} for number in range(5)]


def test_a_batch_that_passes_leaves_nothing_in_the_error_zone(deployed):
    validate(deployed, edit(deployed, "1"))
    assert (deployed.keys("error"), left(deployed)["quarantine_uri"]) == ([], None)


def test_a_batch_validated_again_overwrites_what_people_decide_by(deployed):
    for _ in range(2):
        validate(deployed, refund(deployed, "1", 0))
    assert deployed.keys("error") == [KEPT_BACK]


def test_a_backfill_that_fails_is_not_kept_back(deployed):
    plan(deployed, replaces={"batch_ids": ["b1"]})
    answer = validate(deployed, refund(deployed, "1", 0))
    assert (answer["success"], deployed.keys("error")) == (False, [])
    assert "then start a new backfill" in answer["cause"]


def test_a_release_is_stopped_by_what_it_does_not_accept_alone_and_results_keep_their_severity(deployed):
    both = ["refund.amount.more_than_nothing", "refund.amount.within_contract"]
    plan(deployed, release={"batch_id": "b0", "accepted": both[:1], "because": "a gift"})
    assert validate(deployed, refund(deployed, "1", 0))["success"] is False
    assert [entry["expectation_id"] for entry in left(deployed)["failed"]] == both[1:]
    plan(deployed, release={"batch_id": "b0", "accepted": both, "because": "a gift"})
    assert validate(deployed, refund(deployed, "1", 0))["success"] is True
    warned = [entry["expectation_id"] for entry in left(deployed)["warnings"]]
    assert set(both) < set(warned)
    results = {r.expectation_id: (r.success, r.severity) for r in read_results(deployed.s3, deployed.processed)}
    assert results[both[0]] == (False, "fail")


def test_a_data_file_is_read_by_few_requests_however_many_columns_the_suite_names(deployed, aws_front, monkeypatch):
    files, asked = deployed.write("b1", [edit(deployed, "e-1")]), []
    monkeypatch.setattr(aws_front, "_routes", [*aws_front._routes])
    aws_front.route(lambda r: r.method == "GET" and r.path.endswith(".parquet") and asked.append(r.path), None)
    names = columns_of(suite())
    assert len(app.read_rows([files[0]["uri"]], names)) == 1
    assert len(names) > 30 and len(asked) <= 5, asked
