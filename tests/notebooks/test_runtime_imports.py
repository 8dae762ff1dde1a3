"""An exported cell imports only what the place where it runs has."""

import pytest

from cli.export import export, runtime_imports
from cli.export.modules import exporting_notebooks
from tests.notebooks.test_drift import notebook

PYPROJECT = """
[project]
dependencies = ["orjson==3.13.0"]
[dependency-groups]
lake = ["pyarrow==22.0.0"]
enrichment = [{ include-group = "lake" }, "ua-parser[regex]==1.0.2"]
jobs = ["pyspark==3.5.6"]
"""
IMAGE = (
    "and the image of enrichment does not have it: it has the standard library, contracts, enrichment, "
    "and the group `enrichment` of pyproject.toml. Do without it, or add it to that group."
)


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    for file, text in {
        "contracts/types.py": "import json\n",
        "contracts/spark.py": "import contracts.spark\nfrom pyspark.sql import types\n",
        "contracts/lazy.py": "def spark():\n    import pyspark\n",
        "enrichment/marked.py": "from contracts import spark\n",
        "jobs/a/b.py": "from contracts.spark import types\n",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


def complaints(root, code, module="enrichment.shown"):
    notebook(root, "20_a.ipynb", module, code, more=["import matplotlib  # not exported"])
    return runtime_imports.missing_imports(root, exporting_notebooks(root))


@pytest.mark.parametrize(
    "code",
    [
        "import re\nfrom collections.abc import Mapping",
        "import orjson, pyarrow.compute as pc",
        "def parser():\n    from ua_parser import Parser",
        "from contracts.types import json",
        "from contracts import lazy",
    ],
)
def test_what_the_image_has_may_be_imported(checkout, code):
    assert complaints(checkout, code) == []


def test_a_package_of_another_group_is_told_with_the_cell_and_what_to_do(checkout):
    assert complaints(checkout, "import re\nimport pandas as pd") == [
        f"notebooks/20_a.ipynb, cell [2] `import re`, imports pandas, {IMAGE}"
    ]


def test_a_package_that_is_imported_when_a_function_is_called_is_told_too(checkout):
    assert complaints(checkout, "def plot():\n    from matplotlib import pyplot")[0].startswith(
        "notebooks/20_a.ipynb, cell [2] `def plot():`, imports matplotlib, and the image of enrichment"
    )


def test_a_room_that_is_not_shipped_is_told(checkout):
    assert complaints(checkout, "from jobs.a.b import types") == [
        f"notebooks/20_a.ipynb, cell [2] `from jobs.a.b import types`, imports jobs.a.b, {IMAGE}"
    ]


def test_a_package_behind_a_module_of_ours_is_told_with_the_way_to_it(checkout):
    assert complaints(checkout, "import enrichment.marked") == [
        "notebooks/20_a.ipynb, cell [2] `import enrichment.marked`, imports enrichment.marked, "
        f"which imports contracts.spark, which imports pyspark.sql, {IMAGE}"
    ]


def test_glue_has_spark_and_its_own_library_and_lacks_the_rest(checkout):
    code = "import awsglue\nfrom jobs.a.b import types\nimport polars"
    assert complaints(checkout, code, "jobs.a.shown") == [
        "notebooks/20_a.ipynb, cell [2] `import awsglue`, imports polars, and Glue 5.1 does not have it: it has the "
        "standard library, contracts, jobs, and the group `jobs` of pyproject.toml. Do without it, or add it to that "
        "group with Glue's version; what Glue does not ship goes into --additional-python-modules of "
        "infra/cloudformation/compute.yaml too."
    ]


def test_a_magic_in_an_exported_cell_is_told(checkout):
    assert complaints(checkout, "%matplotlib inline") == [
        "notebooks/20_a.ipynb, cell [2] `%matplotlib inline`, is no plain Python (invalid syntax), so no module. "
        "Take magics out of the cell."
    ]


def test_an_export_that_its_runtime_could_not_import_fails(checkout, monkeypatch, capsys):
    notebook(checkout, "20_a.ipynb", "enrichment.shown", "import pandas")
    monkeypatch.setattr(export, "ROOT", checkout)
    assert export.main([]) == 1
    assert "imports pandas, and the image of enrichment does not have it" in capsys.readouterr().err
    assert export.main(["--check"]) == 1
