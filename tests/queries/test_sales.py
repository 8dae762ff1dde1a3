"""Revenue and top products over literal orders and refunds."""

from tests.queries.conftest import rows_of
from tests.queries.shop import known, page_view, purchase, refund, reported

MUG_AND_LAMP = known(p_1="kitchen", p_2="light")
MOVEMENTS = [
    # The first view that is not from the shop's own pages names the channel; of two at the same time, the lower id.
    page_view("1", "2026-03-02 09:59:00", channel="internal"),
    page_view("2", "2026-03-02 10:00:00", channel="email"),
    page_view("3", "2026-03-02 10:00:00", channel="direct"),
    # Two categories in a foreign currency: half cents are kept until the sum.
    purchase(
        "4",
        "2026-03-02 10:05:00",
        lines=[("p-1", 2, "20.05"), ("p-2", 1, "10.00")],
        products=MUG_AND_LAMP,
        reporting=reported("27.05", rate="0.9"),
    ),
    purchase("5", "2026-03-02 23:59:59", order="o-2", products=MUG_AND_LAMP, reporting=reported("3.34", rate="0.3335")),
    # Its session has no view, its product is not in the reference.
    purchase("6", "2026-03-02 11:00:00", session="s-6", order="o-6", products=[], reporting=reported("10.00")),
    # Enrichment failed: neither products nor rate; the view of its session had no channel either.
    page_view("7", "2026-03-02 11:59:00", session="s-7", channel=None),
    purchase("8", "2026-03-02 12:00:00", session="s-7", order="o-7"),
    # Refunds of days after; the last is of an order that is not in the table.
    refund("9", "2026-03-04 00:00:00", "10.00", product="p-2", products=MUG_AND_LAMP, reporting=reported("9.05")),
    refund("10", "2026-03-04 08:00:00", "5.00", products=MUG_AND_LAMP, reporting=reported("4.55")),
    refund("11", "2026-03-05 08:00:00", "1.00", order="o-0", products=MUG_AND_LAMP, reporting=reported("1.00")),
    refund("12", "2026-03-05 08:00:00", "2.00", order="o-7"),
]


def test_sales_and_refunds_stand_on_their_own_days_under_the_channel_of_the_order(warehouse):
    assert warehouse(MOVEMENTS).answer("revenue_by_day_category_and_channel") == rows_of("""
        event_date | category | channel | reporting_currency | sold_lines | sold_amount | refunds | refunded_amount
        2026-03-02 | kitchen  | email   | EUR                | 2          | 21.38       | 0       | null
        2026-03-02 | light    | email   | EUR                | 1          | 9.00        | 0       | null
        2026-03-02 | unknown  | unknown | EUR                | 1          | 10.00       | 0       | null
        2026-03-02 | unknown  | unknown | null               | 1          | null        | 0       | null
        2026-03-04 | kitchen  | email   | EUR                | 0          | null        | 1       | 4.55
        2026-03-04 | light    | email   | EUR                | 0          | null        | 1       | 9.05
        2026-03-05 | kitchen  | unknown | EUR                | 0          | null        | 1       | 1.00
        2026-03-05 | unknown  | unknown | null               | 0          | null        | 1       | null
    """)


def sale(event_id, at, product, pieces, total, products=MUG_AND_LAMP, rate="1"):
    """An order of one line."""
    sold = [(product, pieces, total)]
    return purchase(event_id, at, lines=sold, products=products, reporting=rate and reported(total, rate=rate))


SALES = [
    # The last day is the 15th: the 9th is the first of the seven days, the 8th the last and the 2nd the first before.
    sale("1", "2026-03-15 23:59:59", "p-1", 3, "30.00"),
    sale("2", "2026-03-09 00:00:00", "p-1", 1, "15.00"),
    sale("3", "2026-03-08 23:59:59", "p-1", 2, "20.00"),
    sale("4", "2026-03-02 00:00:00", "p-1", 1, "10.00"),
    sale("5", "2026-03-01 23:59:59", "p-1", 9, "90.00"),
    # Half as much, since its currency is worth half; new; sold before only.
    sale("6", "2026-03-10 10:00:00", "p-2", 1, "60.00", rate="0.5"),
    sale("7", "2026-03-07 10:00:00", "p-2", 2, "60.00"),
    sale("8", "2026-03-11 10:00:00", "p-3", 1, "30.00", products=known(p_3="garden")),
    sale("9", "2026-03-07 10:00:00", "p-4", 1, "99.00", products=[]),
    # Enrichment failed.
    sale("10", "2026-03-12 10:00:00", "p-5", 7, "70.00", products=None, rate=None),
]


def test_products_stand_by_the_sales_of_the_last_seven_days_against_the_seven_before(warehouse):
    assert warehouse(SALES).answer("top_products_with_trend") == rows_of("""
        product_id | product_name | category | pieces | pieces_before | sold_amount | sold_amount_before | trend
        p-1        | Product 1    | kitchen  | 4      | 3             | 45.00       | 30.00              | 0.5
        p-2        | Product 2    | light    | 1      | 2             | 30.00       | 60.00              | -0.5
        p-3        | Product 3    | garden   | 1      | 0             | 30.00       | null               | null
        p-5        | p-5 as sold  | unknown  | 7      | 0             | null        | null               | null
    """)


def test_no_sales_give_no_rows(warehouse):
    empty = warehouse()
    assert empty.answer("revenue_by_day_category_and_channel")[1:] == []
    assert empty.answer("top_products_with_trend")[1:] == []


PAYMENTS = [
    purchase("1", "2026-03-02 23:59:59", lines=[("p-1", 1, "10.10"), ("p-2", 1, "0.05")]),
    purchase("2", "2026-03-02 10:00:00", order="o-2"),
    purchase("3", "2026-03-02 10:00:00", order="o-3", currency="USD"),
    refund("4", "2026-03-03 00:00:00", "3.30"),
    refund("5", "2026-03-02 12:00:00", "1.00", order="o-3", currency="USD"),
]


def test_payments_and_refunds_keep_their_own_day_and_currency(warehouse):
    assert warehouse(PAYMENTS).answer("revenue_by_day_and_currency") == rows_of("""
        event_date | currency | orders | paid  | refunds | refunded
        2026-03-02 | EUR      | 2      | 20.15 | 0       | 0.00
        2026-03-02 | USD      | 1      | 10.00 | 1       | 1.00
        2026-03-03 | EUR      | 0      | 0.00  | 1       | 3.30
    """)
