import io
import sys

import pytest

from cli.query import Answer, print_answer, statement
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


def answer(**columns):
    return Answer(list(columns), ["varchar"] * len(columns), [list(columns.values())], False, 7, 0.1)


def test_rows_that_fit_are_a_table_and_wider_ones_are_told_column_by_column(capsys):
    print_answer(answer(event_id="e-1", customer="{segment=vip}"))
    assert [line.split() for line in capsys.readouterr().out.splitlines()[:2]] == [
        ["event_id", "customer"],
        ["e-1", "{segment=vip}"],
    ]
    print_answer(answer(event_id="e-1", customer="{segment=[bold]vip}", subject=None, source="/shop/" + "x" * 140))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[:5]]
    assert lines[:4] == [["row", "1"], ["event_id", "e-1"], ["customer", "{segment=[bold]vip}"], ["subject"]]
    assert lines[4] == ["source", "/shop/" + "x" * 140]
