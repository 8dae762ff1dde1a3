"""What tests/queries/test_costs.py asks, asked of Trino as well."""

from tests.queries.test_costs import *  # noqa: F403
