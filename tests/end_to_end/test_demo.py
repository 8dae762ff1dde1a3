"""The whole way of an event: real templates, real processes, a local AWS of its own."""

import json
import re
from decimal import Decimal
from pathlib import Path

import papermill
import pytest

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


def test_the_same_events_sent_again_add_no_row(etl, first):
    before = rows(etl)
    file = etl.folder / f"demo/shop-{EVENTS}-11.ndjson"
    again = json.loads(etl("send", str(file), "--wait", "--json"))
    assert (again["rows"], again["unaccounted"], rows(etl)) == (0, 0, before)
    assert again["duplicates"] == EVENTS - again["rejects"]


def test_a_demo_of_the_same_events_adds_no_row_either(etl, first):
    assert "lines in = 0 rows + " in etl("demo", "--events", str(EVENTS), "--seed", "11")


def test_every_unit_has_left_logs(etl, story):
    assert "enrichment" in etl("logs")
    assert "delivery stored" in etl("logs", "ingestion")


def answer(etl, name):
    return json.loads(etl("query", "--json", "-", stdin=(ROOT / f"athena_queries/{name}.sql").read_text()))


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_shipped_query_says_what_it_answers_and_has_an_answer(etl, story, path):
    for head in ("-- question: ", "-- grain: ", "-- units: ", "-- partitions: "):
        assert head in path.read_text()
    assert answer(etl, path.stem) or path.stem in MAY_BE_EMPTY


def test_shipped_queries_agree_with_the_ledger(etl, first):
    rejects = answer(etl, "rejects_by_reason")
    assert sum(row["rejects"] for row in rejects) >= sum(first["rejects_by_reason"].values()) > 0
    assert sum(row["events"] for row in answer(etl, "events_by_type_and_date")) == rows(etl)
    assert {row["unaccounted_lines"] for row in answer(etl, "ledger_balance")} == {0}


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


def test_after_maintenance_there_are_fewer_files_and_every_shipped_query_answers_the_same(etl, first, tmp_path):
    lines = (etl.folder / f"demo/shop-{EVENTS}-11.ndjson").read_bytes().splitlines()[:100]
    others = [re.sub(rb'"id": ?"', rb"\g<0>another-", line) for line in lines]
    (tmp_path / "more.ndjson").write_bytes(b"\n".join(others))
    etl("send", str(tmp_path / "more.ndjson"), "--wait")
    of_rows = [path.stem for path in QUERIES if "events$" not in path.read_text()]
    before, files = {name: answer(etl, name) for name in of_rows}, len(data_files(etl))
    etl("maintain")
    assert len(data_files(etl)) < files
    assert {name: answer(etl, name) for name in of_rows} == before


def data_files(etl):
    return json.loads(etl("query", "--json", 'SELECT file_path FROM "events$files"'))


@pytest.mark.parametrize("path", FOR_PEOPLE, ids=lambda path: path.stem)
def test_a_notebook_for_people_runs_with_nothing_but_the_environment_of_the_local_aws(etl, story, monkeypatch, path):
    for name, value in json.loads(etl("env", "--json")).items():
        monkeypatch.setenv(name, value)
    papermill.execute_notebook(path, None, kernel_name="python3", progress_bar=False)
