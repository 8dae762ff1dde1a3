"""The views of the contracts are what Trino itself would make of their SQL."""

from contracts.contract import load_contracts
from tests.trino.conftest import views
from tests.trino.tables import columns_of, view_definition


def test_a_view_says_the_columns_and_types_that_trino_finds_in_its_sql(warehouse):
    lake = warehouse()
    said = {view["Name"]: view_definition(view)["columns"] for view in views(lake)}
    assert len(said) == len(load_contracts())
    for name, columns in said.items():
        found = columns_of(lake.trino.ask(f"DESCRIBE {name}").rows)
        assert columns_of((column["name"], column["type"]) for column in columns) == found
