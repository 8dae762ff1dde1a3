"""Marketing channel: campaign before referrer, the shop's own pages are no channel, what fits no rule is counted."""

import pyarrow as pa
import pytest

from contracts.contract import load_contracts
from enrichment.channels import channel_of, hosts_of

CONTRACTS = load_contracts()
SHOP = "https://shop.example.com/p/1?utm=x"
TEXT = pa.string()
PAGE_VIEW = pa.struct(
    [("page", pa.struct([("url", TEXT), ("referrer", TEXT)])), ("utm", pa.struct([("source", TEXT), ("medium", TEXT)]))]
)


def channels(*visits):
    rows = [{"page": {"url": SHOP, "referrer": referrer}, "utm": utm} for referrer, utm in visits]
    return channel_of(pa.table({"page_view": pa.array(rows, PAGE_VIEW)}), CONTRACTS)


def campaign(source, medium):
    return channels((None, {"source": source, "medium": medium})).values.to_pylist()[0]


@pytest.mark.parametrize(
    ("source", "medium", "channel"),
    [
        ("google", "cpc", "paid_search"),
        ("GOOGLE", " Cpc ", "paid_search"),
        ("google.com", "ppc", "paid_search"),
        ("facebook", "paid_social", "paid_social"),
        ("instagram.com", "cpc", "paid_social"),
        ("tiktok", "paid", "paid_video"),
        ("amazon", "cpa", "paid_shopping"),
        ("blog", "retargeting", "paid_other"),
        ("blog", "cpm", "display"),
        ("google", "banner", "display"),
        ("google", "organic", "organic_search"),
        ("google", "", "organic_search"),
        ("facebook", "referral", "organic_social"),
        ("tiktok", "social", "organic_video"),
        ("x", "social", "organic_social"),
        ("somewhere", "social-media", "organic_social"),
        ("newsletter", "email", "email"),
        ("crm", "E-Mail", "email"),
        ("email", "", "email"),
        ("partner", "affiliate", "affiliates"),
        ("blog.example.org", "referral", "referral"),
        ("spotify", "audio", "audio"),
        ("sms", "", "sms"),
        ("app", "push", "mobile_push"),
        ("app", "web notification", "mobile_push"),
        ("leaflet", "qr", None),
        ("", "unheard-of", None),
    ],
)
def test_a_campaign_has_the_channel_of_its_medium_and_source(source, medium, channel):
    assert campaign(source, medium) == channel


@pytest.mark.parametrize(
    ("referrer", "channel"),
    [
        (None, "direct"),
        ("", "direct"),
        ("https://shop.example.com/", "internal"),
        ("http://www.shop.example.com:8080/cart", "internal"),
        ("https://other.example.com/", "referral"),
        ("https://www.google.com/", "organic_search"),
        ("https://www.google.co.uk/search?q=https://facebook.com/", "organic_search"),
        ("https://duckduckgo.com", "organic_search"),
        ("https://t.co/x9", "organic_social"),
        ("https://l.facebook.com/l.php?u=x", "organic_social"),
        ("https://m.youtube.com/watch", "organic_video"),
        ("https://www.amazon.de/dp/1", "organic_shopping"),
        ("https://user:google@blog.example.org/", "referral"),
        ("https://x.example.org/", "referral"),
        ("HTTPS://WWW.BING.COM/", "organic_search"),
    ],
)
def test_without_a_campaign_the_referrer_decides(referrer, channel):
    assert channels((referrer, None)).values.to_pylist() == [channel]


def test_a_campaign_goes_before_the_referrer():
    assert channels(("https://t.co/", {"source": "google", "medium": "cpc"})).values.to_pylist() == ["paid_search"]


def test_what_is_not_told_is_counted_by_reason():
    found = channels(
        ("nonsense", None), ("https://", None), ("nonsense", {"source": "a", "medium": "b"}), (None, {"source": "a"}),
        (None, None),
    )  # fmt: skip
    assert found.values.to_pylist() == [None, None, None, None, "direct"]
    assert found.misses == {"malformed_referrer": 2, "unassigned": 2}


def test_a_type_that_marks_nothing_has_no_channel_and_misses_none():
    found = channel_of(pa.table({"refund": pa.array([{"user_id": "x"}])}), CONTRACTS)
    assert found.values.to_pylist() == [None] and not found.misses and found.values.type == pa.string()


@pytest.mark.parametrize("count", [0, 1])
def test_few_rows_have_the_type_of_many(count):
    found = channels(*count * [(None, None)])
    assert len(found.values) == count and found.values.type == pa.string()


def test_the_separator_of_the_rules_is_an_ordinary_character_in_a_campaign():
    assert channels((None, {"source": "google\x1fcpc\x1f", "medium": "\x1f"})).misses == {"unassigned": 1}


def test_a_host_is_what_stands_between_the_slashes():
    addresses = ["https://a.example/b", "ftp://me:pw@B.example:21?x", "a.example/b", "//a.example", "https:///x", None]
    assert hosts_of(pa.array(addresses)).to_pylist() == ["a.example", "b.example", None, None, None, None]
