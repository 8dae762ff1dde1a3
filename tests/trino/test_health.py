"""What tests/queries/test_health.py asks, asked of Trino as well."""

from tests.queries.test_health import *  # noqa: F403
