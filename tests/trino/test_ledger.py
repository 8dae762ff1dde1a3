"""What tests/queries/test_ledger.py asks, asked of Trino as well."""

from tests.queries.test_ledger import *  # noqa: F403
