"""Great Expectations takes seconds to import: only what validates rows pays for it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TELL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert "great_expectations" not in sys.modules, name + " imports great_expectations"
"""


def test_neither_the_command_nor_a_function_nor_a_task_imports_it_before_it_validates():
    edges = [path for room in ("lambdas", "enrichment") for path in sorted((ROOT / room).rglob("*.py"))]
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in edges if path.name in ("app.py", "main.py")
    ]
    assert "lambdas.validation.app" in names and "enrichment.main" in names
    quality = ["quality.evaluate", "quality.flatten", "quality.history", "quality.results", "quality.rules"]
    names = ["cli.main", "cli.quality.display", *quality, *names]
    done = subprocess.run([sys.executable, "-c", TELL, *names], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
