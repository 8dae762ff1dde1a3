"""Notebooks are fit to read and to run: offline from top to bottom, without kept outputs, each claim asserted."""

import json
from pathlib import Path

import pytest

from cli.export.modules import exporting_notebooks
from cli.export.notebook_run import run_offline

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXPORTING = [ROOT / notebook for notebook in exporting_notebooks(ROOT).values()]


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def text(cell):
    return "".join(cell["source"])


@pytest.mark.slow
@pytest.mark.parametrize("path", EXPORTING, ids=lambda path: path.stem)
def test_an_exporting_notebook_runs_offline(path, tmp_path):
    run_offline(ROOT, path.relative_to(ROOT), tmp_path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    assert [cell["id"] for cell in cells(path) if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_with_title_and_promise(path):
    title, promise = text(cells(path)[0]).split("\n\n")[:2]
    assert title.startswith("# ") and promise.startswith("> ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_quarter_of_a_notebook_is_prose(path):
    words = {"markdown": 0, "code": 0}
    for cell in cells(path):
        words[cell["cell_type"]] += len(text(cell).split())
    assert words["markdown"] >= 0.25 * sum(words.values())


@pytest.mark.parametrize("path", EXPORTING, ids=lambda path: path.stem)
def test_what_is_exported_is_asserted_within_two_code_cells_unless_a_later_export_uses_it(path):
    code = [text(cell) for cell in cells(path) if cell["cell_type"] == "code"]
    exported = [n for n, source in enumerate(code) if source.startswith("#| export") and "\ndef " in source]
    for n in exported:
        rest = code[n + 1 : n + 3]
        is_asserted = any("assert" in source for source in rest)
        is_used_next = rest and rest[0].startswith("#| export")
        assert is_asserted or is_used_next, code[n]
