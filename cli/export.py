"""`python -m cli.export`: writes what has its source elsewhere; `--check` only compares.

Modules come from notebooks; reference pages and the baseline of the expectations from the contracts; the template of
named queries and of query views from athena_queries/; QuickSight's templates from cli/quicksight/.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.derived import derived_differences, write_derived
from contracts.errors import PipelineError

ROOT = Path(__file__).parents[1]
FOLDER = "notebooks"
DEFAULT_EXP = re.compile(r"#\| default_exp ([\w.]+)")


def exporting_notebooks(root: Path) -> dict[Path, Path]:
    """Module -> the notebook that writes it, both relative to `root`; PipelineError where two write one."""
    modules: dict[Path, Path] = {}
    for notebook in sorted((root / FOLDER).glob("*.ipynb")):
        found = DEFAULT_EXP.search(notebook.read_text(encoding="utf-8"))
        if not found:
            continue
        module, source = Path(*found[1].split(".")).with_suffix(".py"), notebook.relative_to(root)
        if module in modules:
            raise PipelineError(
                f"{module} is written by {modules[module]} and by {source}; expected one notebook a module. "
                "Change default_exp in one of them."
            )
        modules[module] = source
    return modules


def export(root: Path) -> list[Path]:
    """Write every exported module below `root`; the modules written."""
    modules = exporting_notebooks(root)
    with _exported(root) as copy:
        for module in modules:
            (root / module).parent.mkdir(parents=True, exist_ok=True)
            (root / module).write_bytes((copy / module).read_bytes())
    return list(modules)


def differences(root: Path) -> list[str]:
    """One sentence per module that is not what its notebook exports."""
    with _exported(root) as copy:
        return [
            f"{module} differs from what {notebook} exports; make changes in the notebook, then run `make export`."
            for module, notebook in exporting_notebooks(root).items()
            if not (root / module).is_file() or (root / module).read_bytes() != (copy / module).read_bytes()
        ]


@contextmanager
def _exported(root: Path) -> Iterator[Path]:
    """A folder with the modules that the notebooks export now.

    Its name is no room's: imports of a room that the checkout's folder is called after would turn relative.
    """
    # Takes half a second, which other commands need not wait for.
    from nbdev.export import nb_export

    with tempfile.TemporaryDirectory() as folder:
        # A module names its notebook by relative path, so the copy keeps the folders.
        copy = Path(folder).resolve()
        shutil.copytree(root / FOLDER, copy / FOLDER, ignore=shutil.ignore_patterns(".*"))
        for notebook in exporting_notebooks(root).values():
            # Any other lib_path would turn absolute imports into relative ones, which a Glue script cannot have.
            nb_export(str(copy / notebook), lib_path=str(copy))
        yield copy


def _differences(root: Path) -> list[str]:
    return [*differences(root), *derived_differences(root)]


def _written(root: Path) -> list[str]:
    return [f"wrote {path}" for path in [*export(root), *write_derived(root)]]


def main(arguments: list[str]) -> int:
    """Export, or compare and say what differs."""
    if arguments not in ([], ["--check"]):
        print(f"arguments are {arguments}; expected none or --check.", file=sys.stderr)
        return 2
    try:
        told = _differences(ROOT) if arguments else _written(ROOT)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(told), file=sys.stderr if arguments else sys.stdout, end="\n" if told else "")
    return 1 if arguments and told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
