"""What tests/queries/test_sales.py asks, asked of Trino as well."""

from tests.queries.test_sales import *  # noqa: F403
