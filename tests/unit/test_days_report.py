"""The validation of days: what it compares, which rows it shows, what its report says, when it fails."""

import pandas as pd
import pytest

from contracts.contract import load_contracts
from contracts.errors import ConfigurationError
from lake.quality_results import QualityResult
from quality.suites import load_suite
from tests.unit.test_validation_run import run_of
from validation import data_docs, judge, profile, questions, samples
from validation.days import require_bounded
from validation.findings import DaysNotSound, Findings, require_sound
from validation.page import page
from validation.tables import TABLES

POSITIVE = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "total", "min_value": 0},
    "meta": {"id": "total.positive"},
}
KNOWN = {
    "type": "expect_column_values_to_be_in_set",
    "kwargs": {"column": "comment", "value_set": ["ok"]},
    "meta": {"id": "comment.known"},
}
FEW = {"type": "expect_table_row_count_to_be_between", "kwargs": {"max_value": 1}, "meta": {"id": "volume"}}
IDENTITY = ["source", "event_id"]


def result(day="2026-11-24", success=True, severity="fail", name="total.positive", at="03:30", unexpected=None):
    return QualityResult(
        run_id=f"days-{at}",
        run_kind="days",
        table_name="events",
        data_date=day,
        expectation_id=name,
        expectation="expect_column_values_to_be_between",
        column_name="total",
        description=f"{name} holds",
        severity=severity,
        origin="hand-written",
        success=success,
        evaluated=200,
        unexpected=unexpected if unexpected is not None else 0 if success else 3,
        observed=None,
        row_count=200,
        validated_at=f"2026-11-25 {at}:00.000000",
        report_uri=None,
    )


def group(day, kind, rows, there, **spread):
    return profile.Group(day, kind, rows, there, spread)


def test_volumes_are_compared_with_the_median_of_days_that_are_known():
    groups = [
        group("2026-11-21", "purchase", 10, {}),
        group("2026-11-22", "purchase", 30, {}),
        group("2026-11-23", "refund", 2, {}),
        group("2026-11-24", "purchase", 50, {}),
    ]
    changes = profile.volume_changes(groups, ["2026-11-24"], ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"])
    assert changes == [profile.Change("purchase", "", 10, 50), profile.Change("refund", "", 0, 0)]


def test_nulls_of_a_types_own_column_are_counted_among_its_rows_and_the_largest_difference_comes_first():
    columns = ["event_id", "purchase.total"]
    groups = [
        group("2026-11-23", "purchase", 10, {"event_id": 10, "purchase.total": 10}),
        group("2026-11-24", "purchase", 10, {"event_id": 10, "purchase.total": 4}),
        group("2026-11-24", "refund", 90, {"event_id": 90, "purchase.total": 0}),
    ]
    changes = profile.null_changes(groups, columns, ["2026-11-24"], ["2026-11-23"])
    assert changes == [
        profile.Change("purchase", "purchase.total", 0.0, 0.6),
        profile.Change("", "event_id", 0.0, 0.0),
    ]
    assert profile.null_changes(groups, columns, ["2026-11-24"], [])[0].before is None


def test_quantiles_are_compared_by_kind():
    groups = [
        group("2026-11-23", "purchase", 1, {}, total=(1.0, 2.0, 3.0)),
        group("2026-11-24", "purchase", 1, {}, total=(4.0, 5.0, 6.0)),
    ]
    assert profile.spread_changes(groups, ["total"], ["2026-11-24"], ["2026-11-23"]) == [
        {"kind": "purchase", "column": "total", "before": (1.0, 2.0, 3.0), "now": (4.0, 5.0, 6.0)}
    ]


def test_a_profile_keeps_to_its_partitions_and_quotes_every_name():
    sql = questions.profile(TABLES["events"], ["purchase.total"], ["purchase.total"], "2026-11-17", "2026-11-24")
    assert "where event_date between date '2026-11-17' and date '2026-11-24'" in sql
    assert 'count("purchase"."total") as there_0' in sql
    assert 'approx_percentile(cast("purchase"."total" as double), 0.9) as p90_0' in sql


def test_of_original_bytes_it_is_only_asked_whether_they_are_there():
    sql = questions.rows_of_day(TABLES["rejected_events"], ["found", "original_base64", "reason"], "2026-11-24")
    assert sql == (
        'select if("found" is not null, \'there\') as "found", '
        'if("original_base64" is not null, \'there\') as "original_base64", "reason" '
        "from rejected_events where reject_date between '2026-11-24' and '2026-11-24'"
    )


def test_rows_that_break_an_expectation_are_shown_by_identity_and_never_by_what_somebody_wrote():
    frame = pd.DataFrame(
        {
            "source": ["/shop"] * 3,
            "event_id": ["e-1", "e-2", "e-3"],
            "total": [5.0, -1149.6000000000001, None],
            "comment": ["ok", "call me: +49 30 1234", None],
        },
        index=[7, 7, 7],
    )
    found = samples.breaking_rows(frame, [POSITIVE, KNOWN, FEW], {}, IDENTITY)
    assert found == {
        "total.positive": [{"source": "/shop", "event_id": "e-2", "total": "-1149.6"}],
        "comment.known": [{"source": "/shop", "event_id": "e-2", "comment": "text of 20 characters"}],
        "volume": [],
    }


def test_ten_rows_of_an_expectation_are_shown_at_most():
    frame = pd.DataFrame({"source": "/shop", "event_id": [str(n) for n in range(40)], "total": -1.0})
    assert len(samples.breaking_rows(frame, [POSITIVE], {}, IDENTITY)["total.positive"]) == 10


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "null"), (True, "True"), (["a", "b"], "2 members"), (pd.Timestamp("2026-11-24"), "2026-11-24 00:00:00")],
)
def test_a_value_is_told_in_safe_words(value, words):
    assert samples.in_safe_words(value) == words


def test_a_day_larger_than_memory_is_refused_before_it_is_read():
    with pytest.raises(ConfigurationError, match="2026-11-24: 11 rows; expected 10 at most"):
        require_bounded("2026-11-24", 11, most=10)


def test_every_parameter_of_the_suites_has_a_value():
    for table in ("events", "batches", "rejected_events"):
        suite = load_suite(table)
        given = judge.parameters_of(suite, run_of(), "2026-11-24", load_contracts(), [])
        asked = {e["meta"]["id"] for e in suite["expectations"] if "history" in e["meta"]}
        assert {f"{name.replace('.', '_')}_min" for name in asked} <= given.keys()


def test_a_suite_of_ones_own_needs_no_more_than_great_expectations_asks_for(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(
        '{"expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1},'
        ' "description": "There are rows.", "severity": "critical"}]}'
    )
    suite = judge.read_suite(run_of(suite=str(path)))
    frame = pd.DataFrame({"event_id": []})
    told = []
    (found,) = judge.judge(frame, suite, {}, run_of(), "2026-11-24", told.append)
    assert "There are rows." in data_docs.page_of(*told)
    assert (found.expectation_id, found.success, found.severity) == ("There are rows.", False, "fail")
    assert (found.run_id, found.data_date, found.observed) == (run_of().run_id, "2026-11-24", "0")


def test_a_suite_that_is_none_is_refused(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text("[]")
    with pytest.raises(ConfigurationError, match=r"mine\.json cannot be read \(TypeError.*expected JSON with"):
        judge.read_suite(run_of(suite=str(path)))


def test_only_an_expectation_of_severity_fail_makes_the_days_unsound():
    require_sound(Findings(run_of(), None, [result(), result(success=False, severity="warn")]))
    with pytest.raises(DaysNotSound) as refused:
        require_sound(Findings(run_of(), None, [result(success=False)]))
    assert str(refused.value).startswith(
        "events: 1 expectations of severity fail do not hold on 1 of 1 days. "
        "2026-11-24: total.positive holds (3 of 200 values break it). Look at s3://reports/data-quality/runs/"
    )


def test_of_each_expectation_the_run_that_looked_last_counts():
    earlier = [result(success=False), result(name="id.there", success=False), result("2026-11-23")]
    earlier.append(result("2026-11-23", success=False, at="01:00"))
    latest = Findings(run_of(), None, [result(at="09:00")], earlier).latest()
    assert {day: [(r.expectation_id, r.success) for r in results] for (_, day), results in latest.items()} == {
        "2026-11-23": [("total.positive", True)],
        "2026-11-24": [("total.positive", True), ("id.there", False)],
    }


def whole_findings():
    return Findings(
        run=run_of(),
        snapshot_id=42,
        results=[
            result(success=False),
            result(name="id.there"),
            result(name="ip.share", severity="warn", success=False),
        ],
        history=[result("2026-11-23", at="02:00")],
        groups=[
            group("2026-11-23", "purchase", 120, {"purchase.total": 120}, **{"purchase.total": (1.0, 20.0, 12345.6)}),
            group("2026-11-24", "purchase", 180, {"purchase.total": 90}, **{"purchase.total": (1.0, 25.0, 54321.9)}),
            group("2026-11-24", "refund", 20, {"purchase.total": 0}),
        ],
        columns=["purchase.total"],
        numeric=["purchase.total"],
        lateness=[
            {
                "day": "2026-11-24",
                "kind": "purchase",
                "row_count": 180,
                "late": 9,
                "p50_seconds": 90.0,
                "longest_seconds": 7200,
            }
        ],
        freshness=[
            {"day": "2026-11-24", "row_count": 200, "p50_seconds": 61.0, "p95_seconds": 119.0, "longest_seconds": 121.0}
        ],
        rejects=[{"day": "2026-11-24", "stage": "ingestion", "reason": "invalid_json", "rejects": 1234}],
        samples={("2026-11-24", "total.positive"): [{"source": "/shop", "event_id": "<e-1>", "total": "-2.5"}]},
    )


def test_the_report_is_the_same_for_the_same_findings_and_says_what_failed():
    html = page(whole_findings())
    assert html == page(whole_findings())
    assert "Not sound: expectations of severity fail do not hold on 2026-11-24." in html
    assert "&lt;e-1&gt;" in html and "<e-1>" not in html
    assert "1,234" in html and "54,322" in html and "+50 %" in html


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_the_report_opens_offline_and_fits(look, browser, tmp_path):
    (tmp_path / "report.html").write_text(page(whole_findings()))
    visit = browser.open(tmp_path / "report.html", look)
    visit.unfold()
    assert (visit.messages, visit.errors, visit.requests, visit.overflow()) == ([], [], [], 0)
    assert "3 of 200 values break it" in visit.text and "33.3 %" in visit.text
    assert visit.page.locator("figure svg").count() == 4
    assert min(ratio for ratio, _ in visit.lowest_contrasts()) >= 4.5


def test_days_without_rows_are_told_and_leave_out_what_has_no_figures():
    html = page(Findings(run_of(), None, []))
    assert "There are no rows on these days, so there was nothing to validate." in html
    assert "Freshness" not in html
