"""Puts the views per event type into the Glue Catalog."""

from __future__ import annotations

from typing import Any

from contracts.contract import Contract
from contracts.errors import PipelineError
from lake.views import CONTRACT, view_input


def sync_views(glue: Any, database: str, contracts: dict[str, Contract]) -> list[str]:
    """Create or update the views that are not what the contracts say; their names."""
    wanted = [view_input(contract, database) for contract in contracts.values()]
    return [view["Name"] for view in wanted if _brought_up_to_date(glue, database, view)]


def _brought_up_to_date(glue: Any, database: str, view: dict) -> bool:
    found = _found(glue, database, view["Name"])
    if found is None:
        glue.create_table(DatabaseName=database, TableInput=view)
        return True
    if CONTRACT not in found.get("Parameters", {}):
        raise PipelineError(
            f"{database}.{view['Name']} is of kind {found.get('TableType', 'table')}, which no contract made; "
            f"expected the view of {view['Parameters'][CONTRACT]} under that name. "
            "Rename or drop what is there, then deploy again."
        )
    if _said(found) == _said(view):
        return False
    glue.update_table(DatabaseName=database, TableInput=view)
    return True


def _found(glue: Any, database: str, name: str) -> dict | None:
    try:
        return glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return None


def _said(view: dict) -> tuple:
    """What decides whether a view is the same; Glue adds times and owners of its own."""
    columns = [(c["Name"], c["Type"], c.get("Comment", "")) for c in view["StorageDescriptor"]["Columns"]]
    return view["ViewOriginalText"], view.get("Description", ""), view["Parameters"][CONTRACT], columns
