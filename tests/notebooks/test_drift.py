"""A module that a notebook writes is what that notebook exports, and is written by no other."""

import json
import shutil
from pathlib import Path

import pytest

from cli import export
from contracts.errors import PipelineError

ROOT = Path(__file__).parents[2]


def notebook(folder, name, module, code="LIMIT = 1"):
    """A notebook with one exported cell."""
    cells = [f"#| default_exp {module}", f"#| export\n{code}"]
    document = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c-{n}",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for n, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "notebooks").mkdir(exist_ok=True)
    (folder / "notebooks" / name).write_text(json.dumps(document))


def test_every_module_is_what_its_notebook_exports():
    assert export.differences(ROOT) == []


def test_the_notebooks_that_export_are_these():
    assert {str(module): str(source) for module, source in export.exporting_notebooks(ROOT).items()} == {
        "jobs/process_events/transform.py": "notebooks/10_transform.ipynb",
        "jobs/process_events/cleaning.py": "notebooks/11_cleaning.ipynb",
        "enrichment/enrich.py": "notebooks/20_enrichment.ipynb",
        "enrichment/marked.py": "notebooks/21_marked_fields.ipynb",
        "enrichment/reference.py": "notebooks/22_reference_data.ipynb",
        "enrichment/geo.py": "notebooks/23_geography.ipynb",
        "enrichment/clients.py": "notebooks/24_user_agents.ipynb",
        "enrichment/rates.py": "notebooks/25_reporting_currency.ipynb",
        "enrichment/channels.py": "notebooks/26_marketing_channel.ipynb",
        "enrichment/stored.py": "notebooks/27_stored_form.ipynb",
    }


def test_an_edited_module_is_told_with_its_notebook(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    export.export(tmp_path)
    assert export.differences(tmp_path) == []
    module = tmp_path / "room/a.py"
    module.write_text(module.read_text().replace("LIMIT = 1", "LIMIT = 2"))
    message = (
        "room/a.py differs from what notebooks/10_a.ipynb exports; "
        "make changes in the notebook, then run `make export`."
    )
    assert export.differences(tmp_path) == [message]
    module.unlink()
    assert export.differences(tmp_path) == [message]


def test_an_edited_notebook_is_told_and_the_check_writes_nothing(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    export.export(tmp_path)
    notebook(tmp_path, "10_a.ipynb", "room.a", code="LIMIT = 2")
    assert len(export.differences(tmp_path)) == 1
    assert "LIMIT = 1" in (tmp_path / "room/a.py").read_text()


def test_two_notebooks_of_one_module_are_refused(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    notebook(tmp_path, "11_b.ipynb", "room.a")
    with pytest.raises(PipelineError) as refused:
        export.exporting_notebooks(tmp_path)
    assert str(refused.value) == (
        "room/a.py is written by notebooks/10_a.ipynb and by notebooks/11_b.ipynb; expected one notebook a module. "
        "Change default_exp in one of them."
    )


@pytest.mark.parametrize("folder", ["checkout", "lake"])
def test_absolute_imports_stay_absolute_whatever_the_checkout_is_called(tmp_path, folder):
    root = tmp_path / folder
    root.mkdir()
    notebook(root, "10_a.ipynb", "room.a", code="from lake.columns import COMMON")
    export.export(root)
    assert "\nfrom lake.columns import COMMON\n" in (root / "room/a.py").read_text()


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["--check"], 0), (["--chekc"], 2)])
def test_the_command_ends_with(arguments, status, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setattr(export, "ROOT", tmp_path)
    export.export(tmp_path)
    assert export.main(arguments) == status


def test_the_check_fails_where_something_differs(tmp_path, monkeypatch, capsys):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    monkeypatch.setattr(export, "ROOT", tmp_path)
    assert export.main(["--check"]) == 1
    assert capsys.readouterr().err.startswith("room/a.py differs from what notebooks/10_a.ipynb exports;")
