import sys
from datetime import UTC, datetime

import pytest

from contracts.contract import load_contracts
from contracts.examples import example_of
from lake.documents import read_json, write_json
from lake.layout import batch_document_key
from lake.quality_results import read_results
from lambdas.validation import app
from lambdas.validation.outcome import ValidationFailed

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
    app.settings.cache_clear()
    app.s3.cache_clear()
    write_json(lake.s3, lake.staging, batch_document_key("b1", "manifest"), {"batch_date": "2026-11-22"})
    return lake


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


def test_a_failure_is_raised_after_report_and_document_are_written(deployed):
    with pytest.raises(
        ValidationFailed, match=r"refund.amount.within_contract \(1 of 2 values break it\).*s3://reports/data-quality/"
    ):
        validate(deployed, refund(deployed, "1", 0), refund(deployed, "2", 3))
    assert left(deployed)["success"] is False
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


def test_results_of_every_expectation_are_left_before_a_failure_is_raised(deployed):
    with pytest.raises(ValidationFailed):
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
