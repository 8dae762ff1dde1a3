from html.parser import HTMLParser

import pytest

from lambdas.validation.outcome import answer, as_document, with_accepted
from lambdas.validation.report import Report, page
from quality.verdict import Verdict

FILES = [
    {"event_type": "refund", "event_date": "2026-11-22", "rows": 1200},
    {"event_type": "refund", "event_date": "2026-11-22", "rows": 34},
    {"event_type": "page_view", "event_date": "2026-11-21", "rows": 5},
]


def verdict(column, success=True, severity="fail"):
    found = "0 of 9 values break it" if success else "3 of 9 values break it"
    why = f"Why <{column}> matters."
    return Verdict("expect_x", column, f"{column} is right.", why, severity, success, found, f"{column}.right")


PASSED = Report("b1", "2026-11-22", FILES, [verdict("event_id")])
WARNED = Report("b1", "2026-11-22", FILES, [verdict("event_id"), verdict("is_customer_known", False, "warn")])
FAILED = Report("b1", "2026-11-22", FILES, [*WARNED.verdicts, verdict("refund.amount", False)])


def cells(html):
    class Cells(HTMLParser):
        found, is_open = [], False

        def handle_starttag(self, tag, attrs):
            if tag == "td":
                self.found.append("")
            self.is_open = self.is_open or tag == "td"

        def handle_endtag(self, tag):
            self.is_open = self.is_open and tag != "td"

        def handle_data(self, data):
            if self.is_open:
                self.found[-1] += data

    parser = Cells()
    parser.found = []
    parser.feed(html)
    return parser.found


def test_failures_come_first_and_say_why():
    found = cells(page(FAILED))
    assert found[:5] == [
        "fail",
        "refund.amount is right.Why <refund.amount> matters.",
        "refund.amount",
        "3 of 9 values break it",
        "fail",
    ]
    assert [found[5], found[10]] == ["warn", "pass"]


def test_rows_are_counted_by_type_and_date():
    assert cells(page(PASSED))[-6:] == ["page_view", "2026-11-21", "5", "refund", "2026-11-22", "1,234"]


@pytest.mark.parametrize(
    ("report", "headline"),
    [(PASSED, "The batch passed."), (WARNED, "passed, with warnings"), (FAILED, "none of its rows is visible")],
)
def test_the_headline_tells_the_outcome(report, headline):
    assert headline in page(report)


def test_the_page_needs_nothing_from_elsewhere():
    html = page(FAILED)
    assert (
        "http:" not in html
        and "https:" not in html
        and "<script" not in html
        and "<link" not in html
        and "src=" not in html
    )
    assert "prefers-color-scheme: dark" in html and 'name="viewport"' in html


def test_the_same_report_is_the_same_page():
    assert page(FAILED) == page(FAILED)


def entry(column):
    found = {"expectation": "expect_x", "column": column, "found": "3 of 9 values break it"}
    return {"expectation_id": f"{column}.right"} | found


def test_the_document_names_what_stops_the_batch_and_what_does_not():
    assert as_document(FAILED, "s3://reports/r.html", "s3://error/q.json") == {
        "batch_id": "b1",
        "success": False,
        "rows": 1239,
        "evaluated": 3,
        "failed": [entry("refund.amount")],
        "warnings": [entry("is_customer_known")],
        "report_uri": "s3://reports/r.html",
        "quarantine_uri": "s3://error/q.json",
    }


def cause(quarantine_uri):
    return answer(as_document(FAILED, "s3://reports/r.html", quarantine_uri))["cause"]


def test_the_cause_of_a_batch_that_is_kept_back_leads_to_its_sample_rows():
    assert cause("s3://error/q.json") == (
        "Batch b1: 1 of 3 expectations failed on 1,239 rows: refund.amount.right (3 of 9 values break it). "
        "None of its rows is visible. See s3://reports/r.html. "
        "`etl quarantine show b1` has sample rows; then release or reject the batch."
    )


def test_the_cause_of_a_backfill_that_failed_says_that_nothing_has_changed():
    assert cause(None).endswith(
        "The partitions are as they were; mend the transform or the rule, then start a new backfill."
    )


def test_warnings_do_not_stop_a_batch():
    told = answer(as_document(WARNED, "s3://reports/r.html", None))
    assert (told["success"], "cause" in told) == (True, False)


def test_what_a_release_accepts_is_reported_and_stops_nothing():
    release = {"batch_id": "b0", "accepted": ["refund.amount.right"], "because": "a test of the payment provider"}
    released = Report("b1", "2026-11-22", FILES, with_accepted(FAILED.verdicts, release))
    assert (released.stopping, [v.column for v in released.warning]) == ([], ["is_customer_known", "refund.amount"])
    assert "Accepted by the release of batch b0: a test of the payment provider" in page(released)


def test_a_release_accepts_no_other_failure():
    release = {"batch_id": "b0", "accepted": ["event_id.right"], "because": "why"}
    assert [v.column for v in with_accepted(FAILED.verdicts, release) if v.stops_the_batch] == ["refund.amount"]
