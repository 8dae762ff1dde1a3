"""`python -m cli.export`: writes what has its source elsewhere; `--check` only compares, `--run` runs the notebooks.

Modules come from notebooks; reference pages and the baseline of the expectations from the contracts; the template of
named queries and of query views from athena_queries/; QuickSight's templates from cli/quicksight/.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.export.derived import derived_differences, write_derived
from cli.export.modules import FOLDER, abandoned, difference, exporting_notebooks
from cli.export.notebook_run import run_offline
from cli.export.runtime_imports import missing_imports
from contracts.errors import PipelineError

ROOT = Path(__file__).parents[2]


def export(root: Path) -> list[Path]:
    """Write every exported module below `root`; the modules written."""
    modules = exporting_notebooks(root)
    with _exported(root, modules) as copy:
        for module in modules:
            (root / module).parent.mkdir(parents=True, exist_ok=True)
            (root / module).write_bytes((copy / module).read_bytes())
    return list(modules)


def differences(root: Path) -> list[str]:
    """One sentence per module that is not what its notebook exports, or that its runtime could not import."""
    modules = exporting_notebooks(root)
    with _exported(root, modules) as copy:
        told = [
            difference(root, module, notebook, (copy / module).read_text(encoding="utf-8"))
            for module, notebook in modules.items()
        ]
    return [*filter(None, told), *abandoned(root, modules), *missing_imports(root, modules)]


@contextmanager
def _exported(root: Path, modules: dict[Path, Path]) -> Iterator[Path]:
    """A folder with the modules that the notebooks export now.

    Its name is no room's: imports of a room that the checkout's folder is called after would turn relative.
    """
    # Takes half a second, which other commands need not wait for.
    from nbdev.export import nb_export

    with tempfile.TemporaryDirectory() as folder:
        # A module names its notebook by relative path, so the copy keeps the folders.
        copy = Path(folder).resolve()
        shutil.copytree(root / FOLDER, copy / FOLDER, ignore=shutil.ignore_patterns(".*"))
        for notebook in modules.values():
            # Any other lib_path would turn absolute imports into relative ones, which a Glue script cannot have.
            nb_export(str(copy / notebook), lib_path=str(copy))
        yield copy


def _differences(root: Path) -> list[str]:
    return [*differences(root), *derived_differences(root)]


def _stopped(root: Path) -> list[str]:
    """One sentence per exporting notebook that does not run from top to bottom."""
    told = []
    for notebook in exporting_notebooks(root).values():
        with tempfile.TemporaryDirectory() as folder:
            try:
                run_offline(root, notebook, Path(folder))
            except PipelineError as error:
                told.append(str(error))
    return told


def _exported_anew(root: Path) -> list[str]:
    print("\n".join(f"wrote {path}" for path in [*export(root), *write_derived(root)]))
    return missing_imports(root, exporting_notebooks(root))


def main(arguments: list[str]) -> int:
    """Export, compare, or run, and say what is wrong."""
    if arguments not in ([], ["--check"], ["--run"]):
        print(f"arguments are {arguments}; expected none, --check or --run.", file=sys.stderr)
        return 2
    try:
        complaints = {"": _exported_anew, "--check": _differences, "--run": _stopped}["".join(arguments)](ROOT)
    except PipelineError as error:
        complaints = [str(error)]
    print("\n".join(complaints), file=sys.stderr, end="\n" if complaints else "")
    return 1 if complaints else 0
