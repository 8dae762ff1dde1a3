"""The report and the page that all others share, as readers have them: light, dark, on a phone, without a network."""

import pytest

from cli.report.page import report_page
from cli.report.period import Period
from tests.browser import LOOKS
from tests.unit.report_answers import answers

ENOUGH_CONTRAST = 4.5


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_page(answers(), Period(None, None), "local", "2026-11-22 12:00", {}), encoding="utf-8")
    return path


@pytest.mark.parametrize("look", LOOKS)
def test_a_reader_sees_every_figure_and_nothing_is_fetched(browser, file, look):
    visit = browser.open(file, look)
    assert (visit.messages, visit.errors, visit.requests) == ([], [], [])
    assert "1,311" in visit.text and "Each of 1,333 raw lines became a row, a duplicate or a reject." in visit.text
    visit.unfold()
    assert visit.overflow() == 0
    ratio, text = visit.lowest_contrasts()[0]
    assert ratio >= ENOUGH_CONTRAST, f"{text!r} stands out by {ratio:.1f} only"
    assert visit.page.locator("svg[role=img]").count() == visit.page.locator("figure").count() > 20


def test_a_plots_text_is_text_of_a_readable_size_on_a_phone(browser, file):
    visit = browser.open(file, "phone")
    sizes = visit.page.eval_on_selector_all(
        "svg text", "texts => texts.map(text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize))"
    )
    assert min(sizes) >= 9


def test_what_a_page_should_never_hold_is_neither_fetched_nor_run(browser, file, tmp_path):
    bad = tmp_path / "bad.html"
    parts = '<img src="http://127.0.0.1:9/pixel.png"><script>document.title = "ran"</script></body>'
    bad.write_text(file.read_text(encoding="utf-8").replace("</body>", parts), encoding="utf-8")
    visit = browser.open(bad)
    assert visit.page.title() == "Event report"
    assert len([message for message in visit.messages if "Content Security Policy" in message]) == 2
