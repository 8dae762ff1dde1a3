"""What tests/queries/test_data_quality.py asks, asked of Trino as well."""

from tests.queries.test_data_quality import *  # noqa: F403
