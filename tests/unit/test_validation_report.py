from html.parser import HTMLParser

import pytest

from lambdas.validation.outcome import ValidationFailed, as_document, require_success
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
    assert as_document(FAILED, "s3://reports/r.html") == {
        "batch_id": "b1",
        "success": False,
        "rows": 1239,
        "evaluated": 3,
        "failed": [entry("refund.amount")],
        "warnings": [entry("is_customer_known")],
        "report_uri": "s3://reports/r.html",
    }


def test_the_error_is_what_people_read():
    with pytest.raises(ValidationFailed) as raised:
        require_success(as_document(FAILED, "s3://reports/r.html"))
    assert str(raised.value) == (
        "Batch b1: 1 of 3 expectations failed on 1,239 rows: refund.amount.right (3 of 9 values break it). "
        "None of its rows is visible. See s3://reports/r.html, mend the producer, the transform or the rule; "
        "reconciliation then runs the raw objects again."
    )


def test_warnings_do_not_stop_a_batch():
    require_success(as_document(WARNED, "s3://reports/r.html"))
