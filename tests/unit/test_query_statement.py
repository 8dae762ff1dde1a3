import io
import sys

import pytest

from cli.query import statement
from contracts.errors import PipelineError


def test_a_query_is_given_as_text_by_file_or_on_stdin(tmp_path, monkeypatch):
    file = tmp_path / "q.sql"
    file.write_text("-- a question\nselect 2")
    monkeypatch.setattr(sys, "stdin", io.StringIO("select 3"))
    assert statement("select 1 as sql") == "select 1 as sql"
    assert statement("select a.sql from a.sql") == "select a.sql from a.sql"
    assert statement(str(file)) == "-- a question\nselect 2"
    assert statement("-") == "select 3"


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(PipelineError, match=r"there is no file nowhere\.sql; expected SQL, a file of it, or -"):
        statement("nowhere.sql")
