"""The gate on Spark: it says of every row what the gate in one process says."""

from datetime import date

import pytest

from contracts.contract import load_contracts
from contracts.errors import ConfigurationError, PipelineError
from jobs.evaluate_batch import flat_rows, job
from lake.documents import read_json, write_json
from lake.layout import batch_document_key
from lambdas.validation import app
from quality.evaluate import evaluate, spark_rows, verdicts
from quality.flatten import ACROSS, Across
from quality.gate import Evaluation, parameters, suite
from quality.suites import columns_of
from quality.verdict import Verdict
from tests.unit.quality_cases import events
from tests.unit.test_planted_faults import STOPPING, WARNING, sound_and

MANIFEST = {"batch_id": "b1", "batch_date": "2026-11-22", "started_at": "…", "raw_objects": [{"lines": 99}]}
WORDS = ["--BATCH_ID", "b1", "--STAGING_BUCKET", "staging", "--JOB_NAME", "evaluate-batch"]


@pytest.fixture
def batch(lake, spark, aws_endpoint, monkeypatch):
    """A way to put a batch of these rows before both gates."""
    spark._jsc.hadoopConfiguration().set("fs.s3a.endpoint", aws_endpoint)
    for zone, bucket in {"STAGING": "staging", "REPORTS": "reports", "PROCESSED": "processed"}.items():
        monkeypatch.setenv(f"{zone}_BUCKET", bucket)
    monkeypatch.setenv("ERROR_BUCKET", "error")
    lake.s3.create_bucket(Bucket="error", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    app.settings.cache_clear()
    app.s3.cache_clear()
    # Small enough that orders and their refunds would be torn apart, were they not brought together.
    monkeypatch.setattr(flat_rows, "PARTITION_ROWS", 30)

    def put(rows, **manifest):
        files = lake.write("b1", rows)
        write_json(lake.s3, "staging", batch_document_key("b1", "manifest"), MANIFEST | manifest)
        write_json(lake.s3, "staging", batch_document_key("b1", "enrichment"), {"files": files})
        return MANIFEST | manifest, files

    return put


def left(lake, name):
    return read_json(lake.s3, "staging", batch_document_key("b1", name))


def in_order(rows):
    return sorted(rows, key=repr)


def test_both_gates_say_the_same_of_every_planted_fault(spark, batch):
    manifest, files = batch(sound_and(STOPPING | WARNING))
    given, uris = parameters(manifest, load_contracts()), [file["uri"] for file in files]
    flat = job.read_flat(spark, files, columns_of(suite()), load_contracts())
    by_job = verdicts(spark_rows(flat), suite(), given)
    by_function = evaluate(app.read_rows(uris, columns_of(suite())), suite(), given)
    assert by_job == by_function
    assert any(verdict.stops_the_batch for verdict in by_function)


def test_the_function_goes_on_with_what_the_job_found(lake, batch):
    manifest, files = batch(
        sound_and({name: STOPPING[name] for name in ("a refund of nothing", "the same event twice")})
    )
    job.main(WORDS)
    by_function = app.evaluation(manifest, files, is_evaluated=False)
    assert app.handler({"batch_id": "b1", "is_evaluated": True}, None)["success"] is False
    failed = read_json(lake.s3, "error", lake.keys("error")[0])["failed"]
    assert {entry["expectation_id"]: in_order(entry["samples"]) for entry in failed} == {
        name: in_order(rows) for name, rows in by_function.samples.items()
    }
    assert {"refund.amount.within_contract", "identity.unique"} < {entry["expectation_id"] for entry in failed}


def test_a_job_that_did_not_see_all_rows_is_no_evaluation():
    document = Evaluation(1_000_000, [], {}).as_document("b1")
    with pytest.raises(PipelineError, match="evaluation of batch b1 is of 1,000,000 rows; expected 1,000,001, which"):
        Evaluation.from_document(document, 1_000_001)


def test_a_batch_without_rows_has_nothing_to_say(lake, batch):
    batch([])
    job.main(WORDS)
    assert left(lake, "evaluation") == {"batch_id": "b1", "rows": 0, "verdicts": [], "samples": {}}
    assert app.handler({"batch_id": "b1", "is_evaluated": True}, None)["success"] is True


def test_what_could_not_be_evaluated_is_an_error_of_the_job_and_no_fault_of_the_data(lake, batch, monkeypatch):
    verdict = verdict_of("identity.unique", success=False, found="could not be evaluated: Job aborted")
    monkeypatch.setattr(job, "evaluate", lambda *_: Evaluation(6, [verdict], {}))
    batch(events())
    with pytest.raises(PipelineError, match=r"batch b1: identity\.unique could not be evaluated: Job aborted. Look at"):
        job.main(WORDS)


def verdict_of(expectation_id, **known):
    return Verdict("unique", "event_id", "…", "…", "fail", expectation_id=expectation_id, **known)


def test_a_failure_of_spark_is_told_by_its_first_cause(spark, lake, batch):
    batch(events())
    lake.s3.delete_object(Bucket="processed", Key=lake.keys("processed", ".parquet")[0])
    with pytest.raises(
        PipelineError, match=r"batch b1: Spark failed: .*Path does not exist: s3://processed/events/data"
    ):
        job.main(WORDS)


def test_of_a_struct_only_the_members_that_are_looked_at_are_read(spark, lake, batch):
    _, files = batch(events())
    uris = [file["uri"] for file in files]
    read = flat_rows.read_columns(
        spark, uris, ["event_date", "purchase.total", "products.list.element.product_id", "purchase.gone", "gone"]
    )
    assert read.schema.simpleString() == (
        "struct<event_date:date,products:array<struct<product_id:string>>,purchase:struct<total:decimal(18,2)>>"
    )
    assert {row.event_date for row in read.collect()} == {date(2026, 11, 22)}


def test_columns_that_look_at_rows_by_different_keys_are_refused(monkeypatch):
    monkeypatch.setitem(ACROSS, "other", Across(("customer_id",), (), None))
    with pytest.raises(ConfigurationError, match="expected one key, since rows can lie in one order only"):
        flat_rows._key(["refund.left_after_refund", "other"])
