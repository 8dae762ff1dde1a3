"""What tests/queries/test_query_views.py asks, asked of Trino as well, and the views themselves."""

import pytest

from cli.quicksight.datasets import QUERIED
from tests.queries.test_query_views import *  # noqa: F403
from tests.trino.conftest import typed, views
from tests.trino.tables import columns_of, view_definition


@pytest.mark.parametrize("dataset", QUERIED, ids=lambda one: one.name)
def test_a_view_has_the_columns_and_rows_that_trino_finds_in_its_sql(shown, dataset):
    (definition,) = [view_definition(view) for view in views(shown) if view["Name"] == dataset.view]
    shown.trino.ask(f"CREATE VIEW {dataset.view} AS {definition['originalSql']}")
    found = columns_of(shown.trino.ask(f"DESCRIBE {dataset.view}").rows)
    assert columns_of((column["name"], column["type"]) for column in definition["columns"]) == found
    places = ", ".join(str(place) for place in range(1, len(found) + 1))
    rows = f"SELECT * FROM {dataset.view} ORDER BY {places}"
    assert typed(shown.ask(rows)) == typed(shown.trino.ask(rows))
