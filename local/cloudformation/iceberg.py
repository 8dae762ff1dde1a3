"""What Glue does when a template asks for an Iceberg table: the first metadata file and the catalog entry."""

import time
import uuid
from typing import Any
from urllib.parse import urlparse

from pyiceberg.catalog.glue import _construct_table_input as catalog_entry
from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadataV2
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.types import NestedField

from local.cloudformation.refusal import Refused
from local.cloudformation.resource import Site, refuse_unknown

TABLE = frozenset({"Location", "Schema", "PartitionSpec", "WriteOrder", "Properties"})


def create_iceberg_table(site: Site, properties: dict[str, Any]) -> str:
    """Write the first metadata under the table's location, enter it into the catalog; the table's name."""
    wanted = _table_input(properties["OpenTableFormatInput"])
    metadata = table_metadata(wanted)
    location = f"{metadata.location}/metadata/00000-{uuid.uuid4()}.metadata.json"
    place = urlparse(location)
    body = metadata.model_dump_json().encode()
    site.client("s3").put_object(Bucket=place.netloc, Key=place.path.lstrip("/"), Body=body)
    name = properties.get("Name") or properties.get("TableInput", {})["Name"]
    entry = {**catalog_entry(name, location, {}, metadata), **properties.get("TableInput", {})}
    site.client("glue").create_table(DatabaseName=properties["DatabaseName"], TableInput=entry)
    return name


def _table_input(given: dict[str, Any]) -> dict[str, Any]:
    refuse_unknown(given, frozenset({"IcebergInput"}))
    iceberg = given["IcebergInput"]
    refuse_unknown(iceberg, frozenset({"MetadataOperation", "Version", "IcebergTableInput"}))
    if str(iceberg.get("Version", "2")) != "2" or iceberg.get("MetadataOperation") != "CREATE":
        raise Refused("IcebergInput: only MetadataOperation CREATE and Version 2 are supported")
    if "IcebergTableInput" not in iceberg:
        raise Refused("IcebergInput: IcebergTableInput must be given")
    refuse_unknown(iceberg["IcebergTableInput"], TABLE)
    return iceberg["IcebergTableInput"]


def table_metadata(wanted: dict[str, Any]) -> TableMetadataV2:
    """The first metadata of a table, with the ids that the template gives."""
    schema, spec, order = _schema(wanted["Schema"]), _spec(wanted), _order(wanted)
    return TableMetadataV2(
        location=wanted["Location"].rstrip("/"),
        table_uuid=uuid.uuid4(),
        last_updated_ms=int(time.time() * 1000),
        last_column_id=schema.highest_field_id,
        schemas=[schema],
        current_schema_id=schema.schema_id,
        partition_specs=[spec],
        default_spec_id=spec.spec_id,
        last_partition_id=spec.last_assigned_field_id,
        sort_orders=[order],
        default_sort_order_id=order.order_id,
        properties={name: str(value) for name, value in wanted.get("Properties", {}).items()},
    )


def _schema(given: dict[str, Any]) -> Schema:
    refuse_unknown(given, frozenset({"Type", "SchemaId", "Fields", "IdentifierFieldIds"}))
    identifiers = [int(one) for one in given.get("IdentifierFieldIds", [])]
    fields = [_field(one) for one in given["Fields"]]
    return Schema(*fields, schema_id=int(given.get("SchemaId", 0)), identifier_field_ids=identifiers)


def _field(given: dict[str, Any]) -> NestedField:
    refuse_unknown(given, frozenset({"Id", "Name", "Type", "Required", "Doc"}))
    return NestedField.model_validate({name.lower(): value for name, value in given.items()})


def _spec(wanted: dict[str, Any]) -> PartitionSpec:
    given = wanted.get("PartitionSpec", {})
    fields = [
        PartitionField(
            source_id=int(one["SourceId"]),
            field_id=int(one.get("FieldId", PARTITION_FIELD_ID_START + at)),
            transform=one["Transform"],
            name=one["Name"],
        )
        for at, one in enumerate(given.get("Fields", []))
    ]
    return PartitionSpec(*fields, spec_id=int(given.get("SpecId", 0)))


def _order(wanted: dict[str, Any]) -> SortOrder:
    given = wanted.get("WriteOrder", {})
    fields = [
        SortField(int(one["SourceId"]), one["Transform"], one["Direction"], one["NullOrder"])
        for one in given.get("Fields", [])
    ]
    return SortOrder(*fields, order_id=int(given.get("OrderId", 1 if fields else 0)))
