"""What tests/queries/test_visits.py asks, asked of Trino as well."""

from tests.queries.test_visits import *  # noqa: F403
