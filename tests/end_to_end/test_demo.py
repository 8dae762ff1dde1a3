"""The whole way of an event: real templates, real processes, a local AWS of its own."""

import itertools
import json
import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import boto3
import papermill
import pytest

from cli.query import ask

ROOT = Path(__file__).parents[2]
QUERIES = sorted((ROOT / "athena_queries").glob("*.sql"))
FOR_PEOPLE = [path for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if re.match("00|5", path.stem)]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EVENTS = 400
# Where all that was validated held.
MAY_BE_EMPTY = {"failed_expectations"}


@pytest.fixture(scope="module")
def story(etl):
    return etl("demo", "--events", str(EVENTS), "--seed", "11")


@pytest.fixture(scope="module")
def first(etl, story):
    return json.loads(etl("status", "--json", "--check"))


@pytest.fixture(scope="module")
def aws(etl):
    session = boto3.Session(
        **{f"aws_{n}": "local" for n in ("access_key_id", "secret_access_key")}, region_name="eu-west-1"
    )
    url = json.loads(etl("env", "--json"))["AWS_ENDPOINT_URL"]
    return lambda service: session.client(service, endpoint_url=url)


def rows(etl):
    return json.loads(etl("query", "--json", "SELECT count(*) AS n FROM events"))[0]["n"]


def test_every_line_is_a_row_a_duplicate_or_a_reject(story, first):
    assert f"{EVENTS} lines in = " in story
    assert first["ingestion"]["records"] == EVENTS
    assert first["lag"]["pending_lines"] == 0
    made = first["batches"]["rows"] + first["batches"]["repeated"] + first["batches"]["redelivered"]
    assert made + sum(first["rejects_by_reason"].values()) == EVENTS


def test_the_table_holds_the_rows_and_the_stream_as_many_records(etl, story, first):
    assert rows(etl) == first["batches"]["rows"] == first["batches"]["published"] > 0
    assert f"{first['batches']['rows']} records on the stream tributary-local-downstream" in story


def test_the_downstream_stream_holds_the_rows_id_by_id(etl, first):
    assert etl.downstream() == etl.stored()


def test_the_story_shows_the_event_its_row_and_the_report(etl, story):
    assert '"specversion": "1.0"' in story
    assert '"customer": {' in story
    assert list((etl.folder / "reports").glob("*.html"))


def test_a_demo_of_the_same_events_adds_no_row(etl, first):
    before, rejects = rows(etl), sum(first["rejects_by_reason"].values())
    again = etl("demo", "--events", str(EVENTS), "--seed", "11")
    assert f"{EVENTS} lines in = 0 rows + {EVENTS - rejects} duplicates + {rejects} rejects" in again
    assert rows(etl) == before


def test_every_unit_has_left_logs(etl, story):
    assert "enrichment" in etl("logs")
    assert "delivery stored" in etl("logs", "ingestion")


def answer(aws, name):
    sql = (ROOT / f"athena_queries/{name}.sql").read_text()
    return ask(aws("athena"), sql, "tributary_local", "tributary-local").typed()


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_shipped_query_says_what_it_answers_and_has_an_answer(aws, story, path):
    for head in ("-- question: ", "-- grain: ", "-- units: ", "-- partitions: "):
        assert head in path.read_text()
    assert answer(aws, path.stem) or path.stem in MAY_BE_EMPTY


def test_shipped_queries_agree_with_the_ledger(etl, aws, first):
    rejects = answer(aws, "rejects_by_reason")
    assert sum(row["rejects"] for row in rejects) >= sum(first["rejects_by_reason"].values()) > 0
    assert sum(row["events"] for row in answer(aws, "events_by_type_and_date")) == rows(etl)
    assert {row["unaccounted_lines"] for row in answer(aws, "ledger_balance")} == {0}


def test_the_report_shows_the_balance_and_the_totals_of_independent_queries(etl, first, tmp_path):
    etl("report", "--out", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    [made] = json.loads(
        etl("query", "--json", "SELECT sum(raw_lines) AS lines FROM batches WHERE status = 'published'")
    )
    assert f"Each of {made['lines']:,} raw lines became a row, a duplicate or a reject." in page
    assert f"<dt>Events</dt><dd>{rows(etl):,}</dd>" in page
    sql = "SELECT sum(reporting_amount) AS refunded FROM refund_events"
    [refunds] = json.loads(etl("query", "--json", f"SELECT cast(refunded AS decimal(38, 2)) AS refunded FROM ({sql})"))
    assert f"{Decimal(refunds['refunded']):,} refunded</dd>" in page
    assert all((tmp_path / link).exists() for link in re.findall('href="(report-data-quality/[^"]+)"', page))


def test_after_maintenance_there_are_fewer_files_and_every_shipped_query_answers_the_same(etl, aws, first, tmp_path):
    lines = (etl.folder / f"demo/shop-{EVENTS}-11.ndjson").read_bytes().splitlines()[:100]
    others = [re.sub(rb'"id": ?"', rb"\g<0>another-", line) for line in lines]
    (tmp_path / "more.ndjson").write_bytes(b"\n".join(others))
    etl("send", str(tmp_path / "more.ndjson"), "--wait")
    of_rows = [path.stem for path in QUERIES if "events$" not in path.read_text()]
    before, files = {name: answer(aws, name) for name in of_rows}, len(data_files(etl))
    etl("maintain")
    assert len(data_files(etl)) < files
    assert {name: answer(aws, name) for name in of_rows} == before


def data_files(etl):
    return json.loads(etl("query", "--json", 'SELECT file_path FROM "events$files"'))


@pytest.mark.parametrize("path", FOR_PEOPLE, ids=lambda path: path.stem)
def test_a_notebook_for_people_runs_with_nothing_but_the_environment_of_the_local_aws(etl, story, monkeypatch, path):
    for name, value in json.loads(etl("env", "--json")).items():
        monkeypatch.setenv(name, value)
    papermill.execute_notebook(path, None, kernel_name="python3", progress_bar=False)


@pytest.fixture(scope="module")
def dates(etl, story):
    """First and last event date."""
    (found,) = json.loads(etl("query", "--json", "SELECT min(event_date) AS low, max(event_date) AS high FROM events"))
    return found["low"], found["high"]


def reports_bucket(aws):
    return next(b["Name"] for b in aws("s3").list_buckets()["Buckets"] if "-reports-" in b["Name"])


def kept(aws, folder, run_id):
    """What a validation of days left in the reports bucket, as files, by ending."""
    s3, bucket = aws("s3"), reports_bucket(aws)
    objects = s3.list_objects_v2(Bucket=bucket, Prefix="data-quality/runs/")["Contents"]
    files = {}
    for key in (entry["Key"] for entry in objects if f"/{run_id}." in entry["Key"]):
        ending = key.rpartition("/")[2].removeprefix(run_id)
        files[ending] = folder / f"{run_id}{ending}"
        s3.download_file(bucket, key, str(files[ending]))
    return files


@pytest.fixture(scope="module")
def scheduled(etl, aws, dates, tmp_path_factory):
    """What the scheduled task left, started as the schedule starts it but for all days of the demo."""
    target = aws("scheduler").get_schedule(Name="tributary-local-days-validation")["Target"]
    due = datetime.now(UTC)
    overrides = json.loads(target["Input"].replace("<aws.scheduler.scheduled-time>", f"{due:%Y-%m-%dT%H:%M:%SZ}"))
    settings = {"TABLES": "events", "DATE_FROM": dates[0], "DATE_TO": dates[1]}
    overrides["containerOverrides"][0]["environment"] += [{"name": n, "value": v} for n, v in settings.items()]
    ecs, definition = aws("ecs"), target["EcsParameters"]["TaskDefinitionArn"]
    started = ecs.run_task(cluster=target["Arn"], taskDefinition=definition, overrides=overrides)["tasks"][0]
    task = {"cluster": target["Arn"], "tasks": [started["taskArn"]]}
    ecs.get_waiter("tasks_stopped").wait(**task, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    (container,) = ecs.describe_tasks(**task)["tasks"][0]["containers"]
    assert container["exitCode"] == 0, etl("logs", "days-validation")
    run_id = f"days-events-{dates[0]}-{dates[1]}-{due:%Y%m%dT%H%M%SZ}"
    return run_id, kept(aws, tmp_path_factory.mktemp("scheduled"), run_id)


def test_the_scheduled_validation_counts_what_independent_queries_count(etl, aws, scheduled, dates):
    run_id, files = scheduled
    assert sorted(files) == [".html", ".ipynb", ".notebook.html"]
    report = files[".html"].read_text()
    whole = f"WHERE event_date BETWEEN date '{dates[0]}' AND date '{dates[1]}'"
    for row in json.loads(etl("query", "--json", f"SELECT event_type, count(*) AS n FROM events {whole} GROUP BY 1")):
        assert re.search(rf"<td[^>]*>{row['event_type']}</td>\s*<td[^>]*>{row['n']:,}</td>", report), row
    rejects = Counter()
    for row in answer(aws, "rejects_by_reason"):
        rejects[row["stage"], row["reason"]] += row["rejects"]
    for reason, count in rejects.items():
        assert re.search(r"\s*".join(f"<td[^>]*>{cell}</td>" for cell in (*reason, f"{count:,}")), report), reason
    late = f"SELECT event_date, count(*) AS n, count_if(is_late) AS late FROM events {whole} GROUP BY 1"
    for row in json.loads(etl("query", "--json", late)):
        cells = (row["event_date"], f"{row['n']:,}", f"{row['late']:,}")
        assert re.search(r"\s*".join(f"<td[^>]*>{cell}</td>" for cell in cells), report), row
    results = f"SELECT count(*) AS n, count_if(success) AS held FROM dq_results WHERE run_id = '{run_id}'"
    (stored,) = json.loads(etl("query", "--json", results))
    assert stored["n"] > 100 and f"{stored['held']:,} of {stored['n']:,}" in report


def test_days_that_are_not_sound_fail_the_command_and_everything_of_the_run_is_kept(etl, aws, story, tmp_path):
    suite = {
        "expectations": [
            {
                "type": "expect_column_values_to_be_between",
                "kwargs": {"column": "purchase.total", "max_value": 1},
                "description": "Nobody spends more than one unit.",
                "severity": "critical",
            }
        ]
    }
    (tmp_path / "mine.json").write_text(json.dumps(suite))
    purchases = "SELECT event_date AS day, count(*) AS n FROM events WHERE event_type = 'purchase' GROUP BY 1"
    busiest = max(json.loads(etl("query", "--json", purchases)), key=lambda row: row["n"])
    asked = ("--from", busiest["day"], "--suite", str(tmp_path / "mine.json"), "--history-days", "0")
    told = json.loads(etl("validate", *asked, "--json", expected=1))
    assert (told["status"], [day["verdict"] for day in told["days"]]) == ("failed", ["fail"])
    assert told["error"].startswith("DaysNotSound: events: 1 expectations of severity fail do not hold on 1 of 1 days.")
    files = kept(aws, tmp_path, told["run_id"])
    docs = aws("s3").list_objects_v2(Bucket=reports_bucket(aws), Prefix="data-quality/docs/")["Contents"]
    assert [entry for entry in docs if entry["Key"].endswith(f"/{told['run_id']}/{busiest['day']}.html")]
    assert sorted(files) == [".html", ".ipynb", ".notebook.html"]
    assert '"ename": "DaysNotSound"' in files[".ipynb"].read_text()
    report = files[".html"].read_text()
    assert f"of {busiest['n']:,} values break it" in report and "(10 rows)" in report


def test_report_and_notebook_open_offline_light_dark_and_on_a_phone(browser, scheduled):
    _, files = scheduled
    for ending, look in itertools.product((".html", ".notebook.html"), ("light", "dark", "phone")):
        visit = browser.open(files[ending], look)
        assert (visit.messages, visit.errors, visit.requests, visit.overflow()) == ([], [], [], 0), (ending, look)
        assert visit.page.locator("svg[role=img], img").count() >= 2
