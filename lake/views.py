"""One view per event type: its rows with the fields of its struct side by side, for people and dashboards."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from contracts.arrow import arrow_type
from contracts.contract import Contract
from contracts.flat import flat_columns
from contracts.reserved import view_name
from lake.athena_types import hive_type, trino_type
from lake.columns import COMMON, ENRICHMENT, enrichments_of

TABLE = "events"
# Says that a view is ours to change, and which contract it shows.
CONTRACT = "tributary.contract"
ENRICHMENT_DESCRIPTIONS = {
    "customer": "in the reference data, at the event's time",
    "products": "products named, in the reference data",
    "geo": "of the network that the event came from",
    "client": "told by the user agent",
    "reporting": "of the amount in the reporting currency",
    "marketing_channel": "channel that brought the visitor",
}


@dataclass(frozen=True)
class ViewColumn:
    """A column of the view and the SQL expression it stands for."""

    name: str
    expression: str
    type: pa.DataType
    description: str


def view_columns(contract: Contract) -> list[ViewColumn]:
    """Common columns, what enrichment found where the contract marks what it looks at, and the event's own fields."""
    common = [ViewColumn(field.name, _quoted(field.name), field.type, "") for field in COMMON]
    own = [
        ViewColumn(c.name, _quoted(contract.event_type, *c.path), arrow_type(c.type), c.description)
        for c in flat_columns(contract.event_type, contract.stored_type)
    ]
    return [*common, *_enrichment_columns(contract), *own]


def _enrichment_columns(contract: Contract) -> Iterator[ViewColumn]:
    for name, description in ENRICHMENT_DESCRIPTIONS.items():
        data_type = ENRICHMENT.field(name).type
        if name not in enrichments_of(contract):
            continue
        if pa.types.is_struct(data_type):
            yield from (
                ViewColumn(f"{name}_{f.name}", _quoted(name, f.name), f.type, f"{f.name} {description}")
                for f in data_type
            )
        else:
            yield ViewColumn(name, _quoted(name), data_type, description)


def view_sql(contract: Contract, database: str) -> str:
    """The query of the view; the event type in it is a partition, so that only its files are read."""
    columns = [f"  {c.expression} AS {_quoted(c.name)}" for c in view_columns(contract)]
    where = f"WHERE {_quoted('event_type')} = '{contract.event_type}'"
    return "SELECT\n" + ",\n".join(columns) + f"\nFROM {_quoted(database, TABLE)}\n{where}"


def _quoted(*names: str) -> str:
    return ".".join(f'"{name}"' for name in names)


def view_input(contract: Contract, database: str) -> dict:
    """The TableInput of Glue for the view, as Athena itself writes one for CREATE VIEW."""
    columns = view_columns(contract)
    definition = {
        "originalSql": view_sql(contract, database),
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": c.name.lower(), "type": trino_type(c.type)} for c in columns],
    }
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    return {
        "Name": view_name(contract.event_type),
        "Description": contract.document.get("description", ""),
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View", CONTRACT: contract.document["$id"]},
        "ViewOriginalText": f"/* Presto View: {encoded} */",
        "ViewExpandedText": "/* Presto View */",
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [_glue_column(column) for column in columns],
            "Location": "",
            "SerdeInfo": {},
        },
    }


def _glue_column(column: ViewColumn) -> dict:
    # Glue keeps names in lower case and at most 255 characters of a comment.
    named = {"Name": column.name.lower(), "Type": hive_type(column.type)}
    return named | ({"Comment": column.description[:255]} if column.description else {})
