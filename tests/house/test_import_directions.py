"""Imports point one way: contracts <- lake <- quality <- edges <- local, cli; rooms do not import each other."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "contracts": set(),
    "lake": {"contracts"},
    "pages": set(),
    "quality": {"contracts", "lake"},
    "jobs": {"contracts", "lake", "quality"},
    "lambdas": {"contracts", "lake", "pages", "quality"},
    "enrichment": {"contracts", "lake"},
    "validation": {"contracts", "lake", "pages", "quality"},
    "local": {"contracts"},
    "cli": {"contracts", "lake", "pages", "quality", "lambdas", "jobs", "validation", "local"},
}
EDGES = {"app.py", "job.py", "main.py"}
EDGE_MODULES = {"lake/documents.py", "lake/catalog.py", "lake/kinesis.py"}
IMPURE_IMPORTS = {"boto3", "botocore", "awsglue", "os", "random", "requests", "socket", "subprocess", "uuid"}
IMPURE_CALLS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "uuid4", "environ", "getenv"}


def modules(room):
    return sorted(p for p in (ROOT / room).rglob("*.py") if "__pycache__" not in p.parts)


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module or ''}"


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_rooms_below_it(room):
    for path in modules(room):
        for name in imported(ast.parse(path.read_text())):
            top = name.split(".")[0]
            others = ALLOWED.keys() - {room} - ALLOWED[room]
            assert top not in others | {"tests", "notebooks", "bench"}, f"{path.relative_to(ROOT)} imports {name}"


def test_the_command_uses_the_rules_of_functions_and_jobs_but_not_their_edges():
    edges = {f"{path.relative_to(ROOT).with_suffix('').as_posix().replace('/', '.')}" for path in edge_modules()}
    for path in modules("cli"):
        found = edges & set(imported(ast.parse(path.read_text())))
        assert not found, f"{path.relative_to(ROOT)} imports {sorted(found)}"


def edge_modules():
    return [
        path for room in ("jobs", "lambdas", "enrichment", "validation") for path in modules(room) if path.name in EDGES
    ]


def test_imports_are_absolute():
    for room in ALLOWED:
        for path in modules(room):
            relative = [name for name in imported(ast.parse(path.read_text())) if name.startswith(".")]
            assert not relative, f"{path.relative_to(ROOT)} imports {relative}"


def test_functions_and_jobs_do_not_import_each_other():
    """What several need is a module beside their folders, or in a room before theirs."""
    for room in ("lambdas", "jobs"):
        units = {folder.name for folder in (ROOT / room).iterdir() if folder.is_dir()}
        for path in modules(room):
            others = units - {path.relative_to(ROOT).parts[1]}
            for name in imported(ast.parse(path.read_text())):
                head, _, below = name.partition(".")
                assert head != room or below.partition(".")[0] not in others, f"{path.relative_to(ROOT)} imports {name}"


def pure_modules():
    for room in ("contracts", "lake", "pages", "quality", "jobs", "lambdas", "enrichment", "validation"):
        for path in modules(room):
            relative = path.relative_to(ROOT).as_posix()
            if path.name not in EDGES and relative not in EDGE_MODULES:
                yield pytest.param(path, id=relative)


@pytest.mark.parametrize("path", list(pure_modules()))
def test_a_pure_module_knows_no_aws_environment_clock_or_chance(path):
    tree = ast.parse(path.read_text())
    impure = {name for name in imported(tree) if name.split(".")[0] in IMPURE_IMPORTS}
    assert not impure, f"{path.relative_to(ROOT)} imports {sorted(impure)}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in IMPURE_CALLS, (
                f"{path.relative_to(ROOT)}:{node.lineno} calls {node.func.attr}()"
            )


def test_every_room_has_a_readme_line_in_the_table_of_rooms():
    readme = (ROOT / "README.md").read_text()
    missing = [room for room in ALLOWED if f"`{room}/`" not in readme]
    assert not missing, f"README.md's table of rooms lacks {missing}"


def test_pages_are_drawn_without_matplotlib_where_they_have_no_plot():
    """The functions' image has none."""
    drawing = {"pages.plots", "pages.svg"}
    for path in [*modules("pages"), *modules("lambdas")]:
        if path.name not in ("plots.py", "svg.py"):
            found = {name for name in imported(ast.parse(path.read_text())) if name.split(".")[0] == "matplotlib"}
            found |= drawing & set(imported(ast.parse(path.read_text())))
            assert not found, f"{path.relative_to(ROOT)} imports {sorted(found)}"
