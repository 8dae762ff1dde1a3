"""No shipped query is left out of the comparison."""

from tests.queries.conftest import ROOT


def test_every_shipped_query_was_compared(compared):
    # Last of this folder by its name, so that all others have asked by now.
    assert compared == {file.stem for file in (ROOT / "athena_queries").glob("*.sql")}


def test_every_test_of_the_queries_is_run_here_too():
    asking = {file.name for file in (ROOT / "tests/queries").glob("test_*.py") if "warehouse" in file.read_text()}
    assert {name for name in asking if not (ROOT / "tests/trino" / name).exists()} == set()
