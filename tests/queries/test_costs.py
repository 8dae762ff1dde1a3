"""What partitions weigh, and that each query reads no others than its header says."""

import pytest

from tests.queries.shop import add_to_cart, page_view, purchase, refund, sign_up

EVENTS = [
    page_view("1", "2026-02-28 23:59:59"),
    page_view("2", "2026-03-01 00:00:00"),
    page_view("3", "2026-03-31 10:00:00"),
    page_view("4", "2026-03-31 11:00:00"),
    add_to_cart("5", "2026-03-01 00:00:00"),
    purchase("6", "2026-03-01 00:00:00"),
    refund("7", "2026-03-01 00:00:00", "1.00"),
    sign_up("8", "2026-03-01 00:00:00"),
    # Before the first date of the queries.
    *(make(f"old-{make.__name__}", "2019-12-31 10:00:00") for make in (page_view, add_to_cart, purchase, sign_up)),
    refund("old-refund", "2019-12-31 10:00:00", "1.00"),
]
READS = {
    "funnel_from_view_to_purchase": {"page_view", "add_to_cart", "purchase"},
    "sessions_by_day": {"page_view", "add_to_cart", "purchase"},
    "retention_by_weekly_cohort": {"page_view", "add_to_cart", "purchase", "sign_up"},
    "revenue_by_day_category_and_channel": {"page_view", "purchase", "refund"},
    "revenue_by_day_and_currency": {"purchase", "refund"},
    "top_products_with_trend": {"purchase"},
    "freshness_percentiles": {"page_view", "add_to_cart", "purchase", "refund", "sign_up"},
    "events_by_type_and_date": {"page_view", "add_to_cart", "purchase", "refund", "sign_up"},
    "bytes_by_type_and_month": set(),
}


@pytest.fixture(scope="module")
def lake(warehouse):
    return warehouse(EVENTS)


@pytest.fixture(scope="module")
def sizes(lake):
    """Bytes of the file of each event type and date."""
    answer = lake.ask('SELECT partition.event_type, partition.event_date, file_size_in_bytes FROM "events$files"')
    return {(event_type, date): int(size) for event_type, date, size in answer.rows}


@pytest.mark.parametrize("query", READS)
def test_a_query_reads_the_files_of_its_partitions_and_no_others(lake, sizes, query):
    wanted = [size for (event_type, date), size in sizes.items() if event_type in READS[query] and date >= "2020"]
    assert lake.ask_shipped(query).scanned_bytes == sum(wanted)


def test_bytes_of_a_type_and_month_are_those_of_its_files(lake, sizes):
    columns, *rows = lake.answer("bytes_by_type_and_month")
    found = {tuple(row[:2]): dict(zip(columns[2:], row[2:], strict=True)) for row in rows}
    march = sizes["page_view", "2026-03-01"] + sizes["page_view", "2026-03-31"]
    assert found["page_view", "2026-03-01"] == {
        "partitions": "2",
        "files": "2",
        "events": "3",
        "bytes": str(march),
        "bytes_per_file": str(march // 2),
        "bytes_per_event": str(march // 3),
        "share": str(round(march / sum(sizes.values()), 4)),
    }
    assert found["page_view", "2026-02-01"]["bytes"] == str(sizes["page_view", "2026-02-28"])
    assert [int(row[5]) for row in rows] == sorted((int(row[5]) for row in rows), reverse=True)
    assert len(rows) == 11
