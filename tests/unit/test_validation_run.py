"""A run of the validation of days: its id and keys, what is kept of it whatever comes of it, and its exit status."""

from datetime import UTC, datetime

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from contracts.errors import ConfigurationError
from validation import main
from validation.execute import execute, page_of
from validation.run import Place, new_run
from validation.tables import dated_table

PLACE = Place("tributary_local", "tributary-local", "processed", "reports")
DUE = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
PREFIX = "data-quality/runs/run_date=2026-11-25/days-events-2026-11-24-2026-11-24-20261125T033000Z"
ENVIRONMENT = {
    "DATABASE": "tributary_local",
    "WORK_GROUP": "tributary-local",
    "PROCESSED_BUCKET": "processed",
    "REPORTS_BUCKET": "reports",
    "SERVICE_NAME": "tributary-local-days-validation",
    "TABLES": "events,batches",
}
FAILS = "class DaysNotSound(Exception):\n    pass\n\nraise DaysNotSound('events: 1 expectation does not hold')"


class FakeS3:
    """Keeps objects by key; refuses keys that end with `refused`."""

    def __init__(self, refused="nothing"):
        self.objects, self.refused = {}, refused

    def put_object(self, Bucket, Key, Body, ContentType):
        if Key.endswith(self.refused):
            raise ConnectionError("the bucket does not answer")
        self.objects[f"{Bucket}/{Key}"] = Body


class FakeCloudWatch:
    def put_metric_data(self, Namespace, MetricData):
        self.told = {metric["MetricName"]: metric["Value"] for metric in MetricData}
        self.dimensions = MetricData[0]["Dimensions"]


def run_of(dates=("2026-11-24", "2026-11-24"), **more):
    return new_run(PLACE, "events", "", dates, DUE, **more)


@pytest.fixture
def notebook(tmp_path):
    """Writes a notebook with one cell after its parameters."""

    def write(source):
        parameters = new_code_cell("table = ''\ndate_from = ''", metadata={"tags": ["parameters"]})
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = tmp_path / "days.ipynb"
        nbformat.write(new_notebook(cells=[parameters, new_code_cell(source)], metadata={"kernelspec": kernel}), path)
        return path

    return write


def test_a_run_that_is_asked_again_for_the_same_time_has_the_same_keys():
    assert run_of() == run_of()
    assert (run_of().table, run_of().zone) == ("events", "processed")
    assert run_of().key(".html") == f"{PREFIX}.html"
    assert run_of().report_uri == f"s3://reports/{PREFIX}.html"


def test_days_are_whole_and_the_days_before_end_where_they_begin():
    run = run_of(("2026-11-24", "2026-11-26"), history_days=2)
    assert run.days == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert run.days_before == ["2026-11-22", "2026-11-23"]
    assert run_of(history_days=0).days_before == []


@pytest.mark.parametrize(
    ("dates", "refusal"),
    [
        (("2026-11-24", "24.11."), "date_to is '24.11.'; expected a date such as 2026-11-22."),
        (("20261124", "2026-11-24"), "date_from is '20261124'; expected a date such as 2026-11-22."),
        (("2026-11-25", "2026-11-24"), "the days are 2026-11-25 to 2026-11-24; expected the first date first"),
        (("2020-11-25", "2026-11-24"), "366 days at most"),
    ],
)
def test_days_that_are_none_are_refused(dates, refusal):
    with pytest.raises(ConfigurationError, match=refusal.replace(".", r"\.")):
        run_of(dates)


def test_a_run_id_that_could_leave_its_folder_is_refused():
    with pytest.raises(ConfigurationError, match="cannot be part of a key"):
        run_of(run_id="../ledger/batches/x")


def test_a_table_without_days_or_in_another_zone_is_refused():
    with pytest.raises(ConfigurationError, match="there is no table 'orders' to validate; expected one of events"):
        dated_table("orders")
    with pytest.raises(ConfigurationError, match="table events lies in the zone processed, not in 'raw'"):
        dated_table("events", "raw")


def test_a_sound_run_keeps_the_executed_notebook_and_its_page(notebook, tmp_path):
    s3 = FakeS3()
    outcome = execute(s3, run_of(), notebook("print(table, date_from)"), tmp_path)
    assert (outcome.status, outcome.error) == ("passed", "")
    assert outcome.report_uri == f"s3://reports/{PREFIX}.html"
    assert sorted(s3.objects) == [f"reports/{PREFIX}.ipynb", f"reports/{PREFIX}.notebook.html"]
    executed = nbformat.reads(s3.objects[f"reports/{PREFIX}.ipynb"].decode(), as_version=4)
    assert executed.cells[-1].outputs[0].text == "events 2026-11-24\n"


def test_a_run_that_fails_by_an_expectation_is_kept_with_its_error(notebook, tmp_path):
    s3 = FakeS3()
    outcome = execute(s3, run_of(), notebook(FAILS), tmp_path)
    assert (outcome.status, outcome.report_uri) == ("failed", f"s3://reports/{PREFIX}.html")
    assert outcome.error == "DaysNotSound: events: 1 expectation does not hold"
    assert b"raise DaysNotSound" in s3.objects[f"reports/{PREFIX}.ipynb"]
    assert b"1 expectation does not hold" in s3.objects[f"reports/{PREFIX}.notebook.html"]


def test_a_run_that_breaks_is_kept_too_and_claims_no_report(notebook, tmp_path):
    s3 = FakeS3()
    outcome = execute(s3, run_of(), notebook("{}['no such bucket']"), tmp_path)
    assert (outcome.status, outcome.report_uri) == ("broken", None)
    assert outcome.error == "KeyError: 'no such bucket'"
    assert len(s3.objects) == 2


def test_a_kernel_that_dies_leaves_what_it_had_done(notebook, tmp_path):
    s3 = FakeS3()
    outcome = execute(s3, run_of(), notebook("import os\nos._exit(9)"), tmp_path)
    assert (outcome.status, outcome.report_uri, len(s3.objects)) == ("broken", None, 2)


def test_a_run_that_could_not_keep_its_page_ends_with_the_error_and_is_completed_by_the_next(notebook, tmp_path):
    s3, source = FakeS3(refused=".notebook.html"), notebook("1 + 1")
    with pytest.raises(ConnectionError, match="does not answer"):
        execute(s3, run_of(), source, tmp_path)
    s3.refused = "nothing"
    assert execute(s3, run_of(), source, tmp_path).status == "passed"
    assert sorted(s3.objects) == [f"reports/{PREFIX}.ipynb", f"reports/{PREFIX}.notebook.html"]


def test_the_page_of_a_notebook_names_no_other_place(notebook):
    page = page_of(notebook("# $x^2$\n1 + 1"))
    assert "prefers-color-scheme: dark" in page
    for tag in ("<script", "<link", "src=", "@import", "url(http"):
        assert tag not in page.replace('src="data:', "")


def test_the_task_validates_the_day_before_the_time_that_it_was_due_table_by_table():
    settings = main.Settings.from_environment(
        ENVIRONMENT | {"SCHEDULED_TIME": "2026-11-25T03:30:00Z"}, datetime(2026, 11, 26, tzinfo=UTC)
    )
    assert [run.run_id for run in settings.runs()] == [
        "days-events-2026-11-24-2026-11-24-20261125T033000Z",
        "days-batches-2026-11-24-2026-11-24-20261125T033000Z",
    ]


def test_a_missing_setting_and_a_time_that_is_none_are_named():
    with pytest.raises(ConfigurationError, match="environment variable WORK_GROUP is missing or empty"):
        main.Settings.from_environment({**ENVIRONMENT, "WORK_GROUP": ""}, DUE)
    with pytest.raises(ConfigurationError, match="environment variable SCHEDULED_TIME is 'soon'"):
        main.Settings.from_environment({**ENVIRONMENT, "SCHEDULED_TIME": "soon"}, DUE)


@pytest.mark.parametrize(("source", "status", "failed"), [("1 + 1", 0, 0), (FAILS, 1, 1), ("1 / 0", 3, 1)])
def test_the_exit_status_and_the_metrics_tell_how_a_run_ended(source, status, failed, notebook, monkeypatch):
    s3, cloudwatch = FakeS3(), FakeCloudWatch()
    monkeypatch.setattr(main.boto3, "client", {"s3": s3, "cloudwatch": cloudwatch}.get)
    monkeypatch.setattr(main, "NOTEBOOK", notebook(source))
    assert main.validate(main.Settings.from_environment({**ENVIRONMENT, "TABLES": "events"}, DUE)) == status
    assert cloudwatch.told == {"ValidationRuns": 1, "ValidationRunFailed": failed}
    assert cloudwatch.dimensions == [{"Name": "service", "Value": "tributary-local-days-validation"}]
