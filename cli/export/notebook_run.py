"""Runs a notebook from top to bottom, where no AWS answers: what is exported needs none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cli.export.notebook_cells import Cell, code_cells
from contracts.errors import PipelineError

LIMIT_SECONDS = 300
# Nothing listens there, so that a notebook which asks AWS for something fails instead of finding an account.
NO_AWS = "http://127.0.0.1:9"


def run_offline(root: Path, notebook: Path, folder: Path) -> None:
    """Execute the notebook in a folder; PipelineError that names the cell where it stops."""
    # Takes half a second, which other commands need not wait for.
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    document = nbformat.read(root / notebook, as_version=4)
    options = {"timeout": LIMIT_SECONDS, "kernel_name": "python3", "resources": {"metadata": {"path": str(folder)}}}
    try:
        NotebookClient(document, **options).execute(env=_without_aws(os.environ))
    except CellExecutionError as error:
        raise _stopped(_failed_cell(root, notebook, document), f"{error.ename}: {error.evalue}".strip(": ")) from None
    except CellTimeoutError:
        found = f"it took more than {LIMIT_SECONDS} seconds"
        raise _stopped(_last_started(root, notebook, document), found) from None


def _without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return kept | {"AWS_ENDPOINT_URL": NO_AWS}


def _failed_cell(root: Path, notebook: Path, document: dict) -> Cell:
    failed = {
        cell["id"]
        for cell in document["cells"]
        if any(output["output_type"] == "error" for output in cell.get("outputs", []))
    }
    return next(cell for cell in code_cells(root, notebook) if cell.cell_id in failed)


def _last_started(root: Path, notebook: Path, document: dict) -> Cell:
    ended = [cell["id"] for cell in document["cells"] if cell.get("execution_count")]
    cells = code_cells(root, notebook)
    return cells[min(len([cell for cell in cells if cell.cell_id in ended]), len(cells) - 1)]


def _stopped(cell: Cell, found: str) -> PipelineError:
    return PipelineError(
        f"{cell.notebook} does not run from top to bottom: {cell} ended with {found}. "
        "Mend the cell or the one that it depends on, then restart the kernel and run all cells."
    )
