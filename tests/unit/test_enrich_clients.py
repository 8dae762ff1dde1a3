"""User agents: the answers of ua-parser, unchanged, each distinct text parsed once."""

import pyarrow as pa
import pytest
import ua_parser

from contracts.contract import load_contracts
from enrichment.clients import UserAgents, client_of
from lake.columns import CLIENT

CONTRACTS = load_contracts()
USER_AGENTS = UserAgents()
MOZILLA, WEBKIT = "Mozilla/5.0", "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/120.0.0.0 Safari/537.36"
# What people see who open these.
KNOWN = {
    f"{MOZILLA} (X11; Ubuntu; Linux x86_64; rv:15.0) Gecko/20100101 Firefox/15.0.1": ("Firefox", "Ubuntu", None),
    CHROME: ("Chrome", "Windows", None),
    f"{CHROME} Edg/120.0.2210.91": ("Edge", "Windows", None),
    f"{CHROME} OPR/106.0.0.0": ("Opera", "Windows", None),
    f"{MOZILLA} (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/120.0.0.0 Mobile Safari/537.36": (
        *("Chrome Mobile", "Android", "Pixel 8"),
    ),
    (
        f"{MOZILLA} (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
        "Mobile/15E148 Safari/604.1"
    ): ("Mobile Safari", "iOS", "iPhone"),
    (
        f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
        "Safari/605.1.15"
    ): ("Safari", "Mac OS X", "Mac"),
    f"{MOZILLA} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": ("Googlebot", None, "Spider"),
    f"{MOZILLA} (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)": ("IE", "Windows", None),
    "curl/8.5.0": ("curl", None, None),
    "": (None, None, None),
    "Größe \N{SNOWMAN}": (None, None, None),
}


def page_views(*texts):
    kind = pa.struct([("user_agent", pa.string())])
    return pa.table({"page_view": pa.array([{"user_agent": text} for text in texts], kind)})


@pytest.mark.parametrize(("text", "families"), KNOWN.items())
def test_well_known_user_agents_are_told(text, families):
    assert USER_AGENTS.families(text) == families


@pytest.mark.parametrize("text", [*KNOWN, "a" * 1024, "(" * 1024, "\x00", "\ud7ff"])
def test_answers_are_those_of_the_stock_parser(text):
    stock = ua_parser.parse(text)
    assert USER_AGENTS.families(text) == tuple(p and p.family for p in (stock.user_agent, stock.os, stock.device))


def test_a_column_has_a_struct_a_row_and_nothing_where_nothing_fits():
    found = client_of(page_views(CHROME, None, "?", CHROME, "curl/8.5.0"), CONTRACTS, USER_AGENTS)
    chrome = {"browser_family": "Chrome", "os_family": "Windows", "device_family": None}
    curl = {"browser_family": "curl", "os_family": None, "device_family": None}
    assert found.values.to_pylist() == [chrome, None, None, chrome, curl]
    assert found.misses == {"unknown": 1} and found.values.type == CLIENT


def test_each_distinct_text_is_parsed_once_in_a_process():
    parsed = []

    class Counting(UserAgents):
        def _parsed(self, text):
            parsed.append(text)
            return super()._parsed(text)

    counting = Counting()
    for _ in range(2):
        client_of(page_views(*100 * [CHROME, "curl/8.5.0"]), CONTRACTS, counting)
    assert parsed == [CHROME, "curl/8.5.0"]


def test_texts_without_end_do_not_fill_the_memory():
    few = UserAgents(kept=10)
    client_of(page_views(*(f"made-up/{n}" for n in range(95))), CONTRACTS, few)
    assert len(few._known) <= 10
    assert few.families("curl/8.5.0") == ("curl", None, None)


@pytest.mark.parametrize("count", [0, 1])
def test_few_rows_have_the_type_of_many(count):
    found = client_of(page_views(*count * [CHROME]), CONTRACTS, USER_AGENTS)
    assert len(found.values) == count and found.values.type == CLIENT
