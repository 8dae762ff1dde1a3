"""Tables as of a time or a snapshot: `events FOR TIMESTAMP AS OF …`, `events FOR VERSION AS OF …`.

https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-time-travel-and-version-travel-queries.html
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from sqlglot import exp

from local.athena.errors import QueryError
from local.athena.references import table_nodes

MARK = "@"


def pinned(tree: exp.Expression, constant: Callable[[exp.Expression], Any]) -> exp.Expression:
    """A copy in which a table as of a time has a name of its own: `events@t1763812800000`, `events@v42`."""
    tree = tree.copy()
    for node in table_nodes(tree):
        if version := node.args.get("version"):
            node.set("version", None)
            alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name))
            node.set("alias", alias)
            node.set("this", exp.to_identifier(f"{node.name}{MARK}{_place(version, constant)}", quoted=True))
    return tree


def _place(version: exp.Version, constant: Callable[[exp.Expression], Any]) -> str:
    wanted = constant(version.expression)
    if version.name.upper() == "VERSION" and isinstance(wanted, int):
        return f"v{wanted}"
    if version.name.upper() == "TIMESTAMP" and isinstance(wanted, datetime):
        at = wanted.astimezone(UTC) if wanted.tzinfo else wanted.replace(tzinfo=UTC)
        return f"t{int(at.timestamp() * 1000)}"
    raise QueryError(f"TYPE_MISMATCH: line 1:1: Type is invalid. Supported are a time or a snapshot id, not {wanted!r}")


def snapshot_at(iceberg: Table, place: str) -> Snapshot | None:
    """The snapshot that a pinned table is read at; the current one where nothing is pinned."""
    if not place:
        return iceberg.current_snapshot()
    number = int(place[1:])
    if place[0] == "v":
        found, missing = iceberg.snapshot_by_id(number), f"Iceberg snapshot ID does not exists: {number}"
    else:
        at = datetime.fromtimestamp(number / 1000, UTC)
        found = iceberg.snapshot_as_of_timestamp(number)
        missing = f"No version history table {'.'.join(iceberg.name())} at or before {at.isoformat()}"
    if found is None:
        raise QueryError(f"INVALID_ARGUMENTS: line 1:1: {missing}")
    return found
