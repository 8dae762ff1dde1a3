"""A module that a notebook writes is what that notebook exports, and is written by no other."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cli.export import export
from cli.export import modules as exported_modules
from contracts.errors import PipelineError

ROOT = Path(__file__).parents[2]


def notebook(folder, name, module, code="LIMIT = 1", more=()):
    """A notebook with an exported cell, and more cells after it; without the first where the module is None."""
    sources = [f"#| default_exp {module}"] * (module is not None) + [f"#| export\n{code}", *more]
    document = new_notebook(
        cells=[new_code_cell(source, id=f"c-{number}") for number, source in enumerate(sources)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(document, folder / "notebooks" / name)


def test_every_module_is_what_its_notebook_exports():
    assert export.differences(ROOT) == []


def test_the_notebooks_that_export_are_these():
    assert {str(module): str(source) for module, source in exported_modules.exporting_notebooks(ROOT).items()} == {
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


def test_an_edited_module_is_told_with_the_cell_of_its_notebook(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a", more=["#| export\nMOST = 7"])
    export.export(tmp_path)
    assert export.differences(tmp_path) == []
    module = tmp_path / "room/a.py"
    exported = module.read_text()
    module.write_text(exported.replace("MOST = 7", "MOST = 8"))
    assert export.differences(tmp_path) == [
        "room/a.py differs from what notebooks/10_a.ipynb exports in cell [3] `MOST = 7`: found `MOST = 8`, "
        "expected `MOST = 7`. Make changes in the notebook, then run `make export`."
    ]
    module.write_text(exported + "\n\ndef mine(): ...\n")
    assert export.differences(tmp_path) == [
        "room/a.py differs from what notebooks/10_a.ipynb exports in cell [3] `MOST = 7`: found ``, "
        "expected nothing more. Make changes in the notebook, then run `make export`."
    ]


def test_a_removed_module_is_told(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    assert export.differences(tmp_path) == ["room/a.py is missing; notebooks/10_a.ipynb writes it. Run `make export`."]


def test_a_module_whose_notebook_is_gone_is_told(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    export.export(tmp_path)
    (tmp_path / "notebooks/10_a.ipynb").unlink()
    assert export.differences(tmp_path) == [
        "room/a.py says that notebooks/10_a.ipynb writes it, and no notebook does. "
        "Delete it, or take its first comment away and keep it by hand."
    ]


def test_an_edited_notebook_is_told_and_the_check_writes_nothing(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    export.export(tmp_path)
    notebook(tmp_path, "10_a.ipynb", "room.a", code="LIMIT = 2")
    assert export.differences(tmp_path) == [
        "room/a.py differs from what notebooks/10_a.ipynb exports in cell [2] `LIMIT = 2`: found `LIMIT = 1`, "
        "expected `LIMIT = 2`. Make changes in the notebook, then run `make export`."
    ]
    assert "LIMIT = 1" in (tmp_path / "room/a.py").read_text()


def test_two_notebooks_of_one_module_are_refused(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    notebook(tmp_path, "11_b.ipynb", "room.a")
    with pytest.raises(PipelineError) as refused:
        exported_modules.exporting_notebooks(tmp_path)
    assert str(refused.value) == (
        "room/a.py is written by notebooks/10_a.ipynb, cell [1] `#| default_exp room.a`, and by notebooks/11_b.ipynb, "
        "cell [1] `#| default_exp room.a`; expected one notebook a module. Change default_exp in one of them."
    )


def refusal(root):
    with pytest.raises(PipelineError) as refused:
        exported_modules.exporting_notebooks(root)
    return str(refused.value)


def test_a_cell_that_goes_into_the_module_of_another_notebook_is_refused(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    notebook(tmp_path, "11_b.ipynb", "room.b", more=["#| export room.a\nMOST = 7"])
    assert refusal(tmp_path) == (
        "notebooks/11_b.ipynb, cell [3] `MOST = 7`, goes into room.a; expected the notebook's own module, room.b. "
        "Move the cell to the notebook of room.a."
    )


def test_a_notebook_of_two_modules_is_refused(tmp_path):
    notebook(tmp_path, "10_a.ipynb", "room.a", more=["#| default_exp room.b"])
    assert refusal(tmp_path) == (
        "notebooks/10_a.ipynb, cell [3] `#| default_exp room.b`, names a module again after "
        "cell [1] `#| default_exp room.a`; expected one a notebook. "
        "Move the cells of the second module into a notebook of its own."
    )


def test_an_exported_cell_without_a_module_is_refused(tmp_path):
    notebook(tmp_path, "10_a.ipynb", None)
    assert refusal(tmp_path) == (
        "notebooks/10_a.ipynb, cell [1] `LIMIT = 1`, is marked #| export, but no cell names the module. "
        "Put `#| default_exp room.module` into the first code cell."
    )


def test_a_scratch_module_and_a_directive_in_a_text_export_nothing(tmp_path):
    notebook(tmp_path, "50_a.ipynb", "scratch.a")
    notebook(tmp_path, "51_b.ipynb", "room.b", more=["print('#| default_exp room.c')"])
    assert list(exported_modules.exporting_notebooks(tmp_path)) == [Path("room/b.py")]


@pytest.mark.parametrize("folder", ["checkout", "lake"])
def test_absolute_imports_stay_absolute_whatever_the_checkout_is_called(tmp_path, folder):
    root = tmp_path / folder
    root.mkdir()
    notebook(root, "10_a.ipynb", "room.a", code="from lake.columns import COMMON")
    export.export(root)
    assert "\nfrom lake.columns import COMMON\n" in (root / "room/a.py").read_text()


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["--check"], 0), (["--chekc"], 2)])
def test_the_command_ends_with(arguments, status, tmp_path, monkeypatch):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    monkeypatch.setattr(export, "ROOT", tmp_path)
    export.export(tmp_path)
    assert export.main(arguments) == status


def test_the_check_fails_where_something_differs(tmp_path, monkeypatch, capsys):
    notebook(tmp_path, "10_a.ipynb", "room.a")
    monkeypatch.setattr(export, "ROOT", tmp_path)
    assert export.main(["--check"]) == 1
    assert capsys.readouterr().err.startswith("room/a.py is missing; notebooks/10_a.ipynb writes it.")


def test_the_command_runs_the_notebooks_and_fails_where_one_stops(tmp_path, monkeypatch, capsys):
    notebook(tmp_path, "10_a.ipynb", "room.a", more=["", "assert LIMIT == 2, 'the limit is another'"])
    monkeypatch.setattr(export, "ROOT", tmp_path)
    assert export.main(["--run"]) == 1
    assert capsys.readouterr().err.startswith(
        "notebooks/10_a.ipynb does not run from top to bottom: cell [3] `assert LIMIT == 2, 'the limit is another'` "
        "ended with AssertionError: the limit is another. Mend the cell or the one that it depends on"
    )
