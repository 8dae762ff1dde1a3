"""Funnel, sessions and retention over literal days of a few users."""

from tests.queries.conftest import rows_of
from tests.queries.shop import add_to_cart, page_view, purchase, refund, sign_up

FUNNEL = [
    # The whole way; cart and purchase at the very time of the step before.
    page_view("1", "2026-03-02 10:00:00", session="s-1"),
    page_view("2", "2026-03-02 10:01:00", session="s-1", product="p-1"),
    add_to_cart("3", "2026-03-02 10:01:00", session="s-1"),
    purchase("4", "2026-03-02 10:01:00", session="s-1"),
    # Begins before midnight, buys after it, twice.
    page_view("5", "2026-03-02 23:58:00", session="s-2", product="p-1"),
    add_to_cart("6", "2026-03-02 23:59:59.999", session="s-2"),
    purchase("7", "2026-03-03 00:05:00", session="s-2", order="o-2"),
    purchase("8", "2026-03-03 00:06:00", session="s-2", order="o-3"),
    # No product; never buys.
    page_view("9", "2026-03-02 12:00:00", session="s-3"),
    # The first cart is before the product was seen, the second is not; bought between them.
    page_view("10", "2026-03-03 08:00:00", session="s-4"),
    add_to_cart("11", "2026-03-03 08:01:00", session="s-4"),
    page_view("12", "2026-03-03 08:02:00", session="s-4", product="p-1"),
    purchase("13", "2026-03-03 08:03:00", session="s-4", order="o-4"),
    add_to_cart("14", "2026-03-03 08:04:00", session="s-4"),
    # Was never seen on a page.
    purchase("15", "2026-03-03 09:00:00", session="s-5", order="o-5"),
]


def test_a_step_of_the_funnel_counts_from_the_step_before_on_and_on_the_day_the_visit_began(warehouse):
    assert warehouse(FUNNEL).answer("funnel_from_view_to_purchase") == rows_of("""
        visit_date | visits | visits_with_product | visits_with_cart | visits_with_purchase | product_share | cart_share | purchase_share
        2026-03-02 | 3      | 2                   | 2                | 2                    | 0.6667        | 0.6667     | 0.6667
        2026-03-03 | 1      | 1                   | 1                | 0                    | 1.0           | 1.0        | 0.0
    """)  # noqa: E501


SESSIONS = [
    # Exactly 30 minutes of silence go on, a millisecond more is a new session; a session_id may go through both.
    page_view("1", "2026-03-02 10:00:00", user="u-1"),
    page_view("2", "2026-03-02 10:30:00", user="u-1"),
    page_view("3", "2026-03-02 11:00:00.001", user="u-1"),
    # Over midnight, two session_ids, two events at the same time.
    page_view("4", "2026-03-02 23:50:00", user="u-2", session="s-2"),
    add_to_cart("5", "2026-03-03 00:10:00", user="u-2", session="s-3"),
    purchase("6", "2026-03-03 00:10:00", user="u-2", session="s-3"),
    # A refund is no act of a session.
    page_view("7", "2026-03-03 09:00:00.250", user="u-3"),
    page_view("8", "2026-03-03 09:00:01", user="u-3"),
    refund("9", "2026-03-03 09:20:00", "1.00", user="u-3"),
]


def test_a_session_ends_after_more_than_30_minutes_of_silence_and_not_at_midnight(warehouse):
    assert warehouse(SESSIONS).answer("sessions_by_day") == rows_of("""
        session_date | sessions | users | events | sessions_of_one_event | sessions_with_purchase | mean_events | mean_duration_seconds | longest_duration_seconds
        2026-03-02   | 3        | 2     | 6      | 1                     | 1                      | 2.0         | 1000.0                | 1800.0
        2026-03-03   | 1        | 1     | 2      | 0                     | 0                      | 2.0         | 0.8                   | 0.75
    """)  # noqa: E501


RETENTION = [
    # 2026-03-01 is a Sunday: the week of 2026-02-23.
    sign_up("1", "2026-03-01 23:59:59", user="u-1"),
    page_view("2", "2026-03-02 00:00:00", user="u-1"),
    purchase("3", "2026-03-20 12:00:00", user="u-1"),
    page_view("4", "2026-02-24 12:00:00", user="u-2"),
    page_view("5", "2026-02-25 12:00:00", user="u-2"),
    page_view("6", "2026-03-05 12:00:00", user="u-3"),
    add_to_cart("7", "2026-03-11 12:00:00", user="u-3"),
    page_view("8", "2026-02-28 12:00:00", user="u-4"),
]


def test_a_user_belongs_to_the_week_of_the_first_event_and_counts_once_a_week(warehouse):
    assert warehouse(RETENTION).answer("retention_by_weekly_cohort") == rows_of("""
        cohort_week | weeks_since | active_users | cohort_users | retention
        2026-02-23  | 0           | 3            | 3            | 1.0
        2026-02-23  | 1           | 1            | 3            | 0.3333
        2026-02-23  | 3           | 1            | 3            | 0.3333
        2026-03-02  | 0           | 1            | 1            | 1.0
        2026-03-02  | 1           | 1            | 1            | 1.0
    """)


def test_a_table_without_events_has_no_visits(warehouse):
    empty = warehouse()
    for query in ("funnel_from_view_to_purchase", "sessions_by_day", "retention_by_weekly_cohort"):
        assert empty.answer(query)[1:] == []
