"""What tests/queries/test_query_views.py asks, asked of Trino as well."""

from tests.queries.test_query_views import *  # noqa: F403
