"""A literal answer to every query of the report, as Athena gives it: texts, nulls and types."""

from cli.query import Answer
from cli.report.answers import QUERIES, ask_all

TABLES = {
    "events_by_type_and_date": """
        event_type varchar | event_date date | events bigint | late_events bigint
        page_view          | 2026-11-20      | 1200          | 3
        page_view          | 2026-11-22      | 34            | 0
        purchase           | 2026-11-21      | 77            | 1
    """,
    "revenue_by_day_category_and_channel": """
        event_date date | category varchar | channel varchar | reporting_currency varchar | sold_lines bigint | sold_amount decimal(38,2) | refunds bigint | refunded_amount decimal(38,2)
        2026-11-20      | kitchen          | email           | EUR                        | 3                 | 1234.50                   | 1              | 19.99
        2026-11-21      | kitchen          | search          | EUR                        | 1                 | 0.25                      | 0              | null
        2026-11-21      | <b>garden</b>    | search          | EUR                        | 2                 | 100.00                    | 0              | null
        2026-11-21      | unknown          | unknown         | null                       | 5                 | null                      | 2              | null
    """,  # noqa: E501
    "revenue_by_day_and_currency": """
        event_date date | currency varchar | orders bigint | paid decimal(38,2) | refunds bigint | refunded decimal(38,2)
        2026-11-20      | EUR              | 2             | 1300.00            | 1              | 19.99
        2026-11-21      | EUR              | 1             | 30.10              | 0              | 0.00
        2026-11-21      | JPY              | 5             | 9000.00            | 2              | 400.00
    """,  # noqa: E501
    "top_products_with_trend": """
        product_id varchar | product_name varchar | category varchar | pieces bigint | pieces_before bigint | sold_amount decimal(38,2) | sold_amount_before decimal(38,2) | trend double
        p00001             | Tea pot              | kitchen          | 4             | 2                    | 1200.00                   | 800.00                           | 0.5
        p00002             | Spade                | garden           | 2             | 3                    | 100.00                    | 200.00                           | -0.5
        p00003             | Kettle               | kitchen          | 1             | 0                    | 34.75                     | null                             | null
        p00004             | Rate unknown         | unknown          | 1             | 0                    | null                      | null                             | null
    """,  # noqa: E501
    "funnel_from_view_to_purchase": """
        visit_date date | visits bigint | visits_with_product bigint | visits_with_cart bigint | visits_with_purchase bigint | product_share double | cart_share double | purchase_share double
        2026-11-20      | 300           | 200                        | 90                      | 30                          | 0.6667               | 0.3               | 0.1
        2026-11-21      | 100           | 70                         | 10                      | 2                           | 0.7                  | 0.1               | 0.02
    """,  # noqa: E501
    "sessions_by_day": """
        session_date date | sessions bigint | users bigint | events bigint | sessions_of_one_event bigint | sessions_with_purchase bigint | mean_events double | mean_duration_seconds double | longest_duration_seconds double
        2026-11-20        | 310             | 250          | 1100          | 60                           | 29                            | 3.55               | 241.5                        | 4000.0
        2026-11-21        | 111             | 100          | 300           | 30                           | 2                             | 2.7                | 65.0                         | 900.0
    """,  # noqa: E501
    "retention_by_weekly_cohort": """
        cohort_week date | weeks_since bigint | active_users bigint | cohort_users bigint | retention double
        2026-11-09       | 0                  | 200                 | 200                 | 1.0
        2026-11-09       | 1                  | 50                  | 200                 | 0.25
        2026-11-16       | 0                  | 90                  | 90                  | 1.0
    """,
    "data_quality_by_day_and_table": """
        data_date date | table_name varchar | run_kind varchar | severity varchar | runs bigint | checks bigint | passed_checks bigint | failed_checks bigint | pass_rate double | unexpected_values bigint
        2026-11-20     | events             | batch            | fail             | 4           | 60            | 60                   | 0                    | 1.0              | 0
        2026-11-20     | events             | batch            | warn             | 4           | 20            | 19                   | 1                    | 0.95             | 5
        2026-11-21     | events             | batch            | fail             | 2           | 30            | 29                   | 1                    | 0.9667           | 3
        2026-11-21     | events             | batch            | warn             | 2           | 10            | 9                    | 1                    | 0.9              | 7
        2026-11-21     | rejects            | days             | fail             | 1           | 10            | 10                   | 0                    | 1.0              | null
    """,  # noqa: E501
    "failed_expectations": """
        table_name varchar | expectation_id varchar | severity varchar | description varchar | column_name varchar | failed_runs bigint | evaluated bigint | unexpected bigint | last_data_date date
        events             | purchase.total         | fail             | Totals add up.      | purchase.total      | 1                  | 77               | 3                 | 2026-11-21
        events             | customer.known         | warn             | Customers known.    | customer            | 2                  | 1234             | 12                | 2026-11-21
        events             | rows.enough            | warn             | Rows are many.      | null                | 1                  | null             | null              | 2026-11-20
    """,  # noqa: E501
    "newest_quality_reports": """
        run_kind varchar | run_id varchar | recorded_time varchar | outcome varchar | report_uri varchar
        batch            | b-2            | 2026-11-21 10:07:00   | published       | s3://reports/data-quality/b-2.html
        days             | d-1            | 2026-11-21 01:00:00   | passed          | s3://reports/data-quality/d-1.html
    """,
    "rejects_by_reason": """
        stage varchar | reason varchar   | reject_date varchar | rejects bigint
        ingestion     | invalid_json     | 2026-11-20          | 11
        ingestion     | invalid_data     | 2026-11-22          | 1100
        transform     | total_mismatch   | 2026-11-22          | 7
    """,
    "rejects_by_reason_and_producer": """
        producer varchar      | stage varchar | reason varchar | event_type varchar   | rejects bigint | first_arrival_time varchar  | last_arrival_time varchar
        /shop/web             | ingestion     | invalid_data   | refund               | 1100           | 2026-11-20T10:00:00.000000Z | 2026-11-22T10:00:00.000000Z
        mailto:jane@shop.test | transform     | total_mismatch | jane doe, +43 1 5555 | 7              | 2026-11-20T10:00:00.000000Z | 2026-11-22T10:00:00.000000Z
        null                  | ingestion     | invalid_json   | null                 | 11             | 2026-11-20T10:00:00.000000Z | 2026-11-22T10:00:00.000000Z
    """,  # noqa: E501
    "open_rejects": """
        stage varchar | reason varchar | event_type varchar | open_rejects bigint | oldest_arrival_time varchar
        ingestion     | invalid_json   | null               | 9                   | 2026-11-20T10:00:00.000000Z
        transform     | total_mismatch | max@shop.test      | 7                   | 2026-11-22T10:00:00.000000Z
    """,
    "late_and_duplicate_events_by_day": """
        batch_date varchar | raw_lines bigint | event_rows bigint | late_rows bigint | redelivered bigint | repeated bigint | identity_conflicts bigint | late_share double | duplicate_share double
        2026-11-20         | 1220             | 1205              | 3                | 4                  | 11              | 0                         | 0.0025            | 0.0123
        2026-11-22         | 113              | 106               | 1                | 0                  | 0               | 0                         | 0.0094            | 0.0
    """,  # noqa: E501
    "freshness_percentiles": """
        batch_date varchar | event_type varchar | events bigint | p50_since_arrival_seconds double | p95_since_arrival_seconds double | max_since_arrival_seconds double | p50_since_event_seconds double | p95_since_event_seconds double | max_since_event_seconds double
        2026-11-20         | page_view          | 1200          | 80.5                             | 200.0                            | 260.0                            | 90.0                           | 300.0                          | 90000.0
        2026-11-22         | page_view          | 34            | 61.0                             | 95.0                             | 99.0                             | 70.0                           | 110.0                          | 120.0
        2026-11-22         | purchase           | 77            | 66.0                             | 150.25                           | 160.0                            | 70.0                           | 160.0                          | 170.0
    """,  # noqa: E501
    "bytes_by_type_and_month": """
        event_type varchar | event_month date | partitions bigint | files bigint | events bigint | bytes bigint | bytes_per_file bigint | bytes_per_event bigint | share double
        page_view          | 2026-11-01       | 2                 | 4            | 1234          | 4000000      | 1000000               | 3241                   | 0.8
        purchase           | 2026-11-01       | 1                 | 1            | 77            | 1000000      | 1000000               | 12987                  | 0.2
    """,  # noqa: E501
    "ledger_balance": """
        batch_date varchar | batches bigint | raw_lines bigint | event_rows bigint | duplicates bigint | rejects bigint | unaccounted_lines bigint
        2026-11-20         | 4              | 1220             | 1205              | 15                | 0              | 0
        2026-11-22         | 2              | 113              | 106               | 0                 | 7              | 0
    """,  # noqa: E501
}
SCANNED_BYTES_EACH = 1000


def answer(table: str, is_empty: bool = False) -> Answer:
    head, *lines = [[cell.strip() for cell in line.split(" | ")] for line in table.strip().splitlines()]
    columns, types = zip(*(name.split(maxsplit=1) for name in head), strict=True)
    rows = [[None if cell == "null" else cell for cell in line] for line in lines]
    return Answer(list(columns), list(types), [] if is_empty else rows, False, SCANNED_BYTES_EACH, 0.1)


def answers(queries=QUERIES, is_empty=False, **changed):
    """The answers; `changed` replaces tables by query, and is not emptied."""
    tables = TABLES | changed
    texts = {name: name for name in queries}
    return ask_all(lambda name: answer(tables[name], is_empty and name not in changed), texts, lambda *_: None)
