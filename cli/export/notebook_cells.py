"""Code cells of a notebook as people find them again: by their number after Run All and by their first line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

DIRECTIVE = re.compile(r"#\|\s*(\w+)[ \t]*(\S*)")
EXPORTS = {"export", "exporti", "exports"}


@dataclass(frozen=True)
class Cell:
    """A code cell; `number` is what Jupyter shows beside it once the notebook ran from top to bottom."""

    notebook: Path
    number: int
    cell_id: str
    source: str

    @property
    def directives(self) -> dict[str, str]:
        """nbdev's directives on top of the cell and what follows each."""
        found = {}
        for line in self.source.splitlines():
            if not (directive := DIRECTIVE.match(line)):
                break
            found[directive[1]] = directive[2]
        return found

    @property
    def exports(self) -> bool:
        """Whether the cell goes into a module."""
        return bool(EXPORTS & self.directives.keys())

    def __str__(self) -> str:
        code = [line.strip() for line in self.source.splitlines() if line.strip()]
        shown = [line for line in code if not DIRECTIVE.match(line)] or code or [""]
        return f"cell [{self.number}] `{shown[0][:60]}`"


def code_cells(root: Path, notebook: Path) -> list[Cell]:
    """The code cells of a notebook, whose path is relative to `root`, that would run."""
    document = json.loads((root / notebook).read_text(encoding="utf-8"))
    sources = [
        (cell.get("id", ""), "".join(cell["source"])) for cell in document["cells"] if cell["cell_type"] == "code"
    ]
    return [
        Cell(notebook, number, cell_id, source)
        for number, (cell_id, source) in enumerate([s for s in sources if s[1].strip()], start=1)
    ]
