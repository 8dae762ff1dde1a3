"""Imports of exported cells that the place where the module runs does not have."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from cli.deployment.artifacts import IMAGES, LIBRARY
from cli.export.notebook_cells import Cell, code_cells
from contracts.errors import PipelineError

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True)
class Runtime:
    """Where the modules of a room run: what it has are the standard library, rooms, and a dependency group."""

    name: str
    group: str
    rooms: frozenset[str]
    next_step: str
    given: frozenset[str] = frozenset()


IMAGE_STEP = "Do without it, or add it to that group."
RUNTIMES = {
    "jobs": Runtime(
        "Glue 5.1",
        "jobs",
        frozenset(LIBRARY),
        "Do without it, or add it to that group with Glue's version; what Glue does not ship goes into "
        "--additional-python-modules of infra/cloudformation/compute.yaml too.",
        given=frozenset({"awsglue"}),
    ),
    "enrichment": Runtime("the image of enrichment", "enrichment", frozenset(IMAGES["enrichment"]), IMAGE_STEP),
    "lambdas": Runtime("the image of the functions", "lambdas", frozenset(IMAGES["lambdas"]), IMAGE_STEP),
}


def missing_imports(root: Path, modules: dict[Path, Path]) -> list[str]:
    """One sentence per exported cell and import that the module's runtime lacks."""
    return [
        sentence
        for module, notebook in modules.items()
        if module.parts[0] in RUNTIMES
        for cell in code_cells(root, notebook)
        if cell.exports
        for sentence in _complaints(root, cell, RUNTIMES[module.parts[0]])
    ]


def _complaints(root: Path, cell: Cell, runtime: Runtime) -> Iterator[str]:
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        yield f"{cell.notebook}, {cell}, is no plain Python ({error.msg}), so no module. Take magics out of the cell."
        return
    chains = filter(None, (_lacking(root, name, runtime) for name in _imported(ast.walk(tree))))
    # What `from a import b` says of `a` holds for `a.b`.
    for chain in {chain[-1].partition(".")[0]: chain for chain in reversed(list(chains))}.values():
        by_way_of = "".join(f", which imports {link}" for link in chain[1:])
        yield (
            f"{cell.notebook}, {cell}, imports {chain[0]}{by_way_of}, and {runtime.name} does not have it: it has "
            f"the standard library, {', '.join(sorted(_folders(root, runtime)))}, and the group "
            f"`{runtime.group}` of {PYPROJECT}. {runtime.next_step}"
        )


def _lacking(root: Path, name: str, runtime: Runtime, seen: frozenset[str] = frozenset()) -> list[str]:
    """The chain of imports from this one to what is not there; empty where all of it is."""
    top = name.partition(".")[0]
    if not (root / top).is_dir():
        return [] if top in sys.stdlib_module_names | runtime.given | _packages(root, runtime.group) else [name]
    if top not in runtime.rooms:
        return [name]
    file = _file(root, name)
    if file is None or name in seen:
        return []
    for inner in _imported_first(file):
        if chain := _lacking(root, inner, runtime, seen | {name}):
            return [name, *chain]
    return []


@cache
def _imported_first(file: Path) -> list[str]:
    """What a module imports before any of its functions is called."""
    return list(dict.fromkeys(_imported(ast.parse(file.read_text(encoding="utf-8")).body)))


def _file(root: Path, name: str) -> Path | None:
    path = root.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imported(nodes: Iterator[ast.AST] | list[ast.stmt]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            # A name may be a module of its own: `from contracts import spark`.
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _folders(root: Path, runtime: Runtime) -> list[str]:
    return [room for room in runtime.rooms if (root / room).is_dir()]


@cache
def _packages(root: Path, group: str) -> frozenset[str]:
    """Names that the packages of a dependency group, and those of the project, are imported by."""
    project = tomllib.loads((root / PYPROJECT).read_text(encoding="utf-8"))
    wanted = {*_members(project["dependency-groups"], group), *project["project"].get("dependencies", [])}
    return frozenset(name for requirement in wanted for name in _import_names(requirement))


def _members(groups: dict, group: str) -> Iterator[str]:
    for member in groups[group]:
        if isinstance(member, str):
            yield member
        else:
            yield from _members(groups, member["include-group"])


def _import_names(requirement: str) -> set[str]:
    name = re.match(r"[\w.-]+", requirement)[0]
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        raise PipelineError(f"{PYPROJECT} names {name}, which is not installed here. Run `make setup`.") from None
    return {file.parts[0].partition(".")[0] for file in files if file.suffix in (".py", ".so")} - {""}
