"""What tests/queries/test_quality_results.py asks, asked of Trino as well."""

from tests.queries.test_quality_results import *  # noqa: F403
