"""Glue databases, tables, jobs and table optimizers."""

from typing import Any

from local.cloudformation.iceberg import create_iceberg_table
from local.cloudformation.resource import (
    ApiResource,
    Made,
    Read,
    ResourceType,
    Site,
    Update,
    changed,
    refuse_lost,
    with_absence_ignored,
)


class Database(ApiResource):
    """AWS::Glue::Database."""

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the database back."""
        refuse_lost(properties["DatabaseInput"], site.client("glue").get_database(Name=made.id)["Database"])


class Table(ResourceType):
    """AWS::Glue::Table: a plain table, or an Iceberg table whose metadata Glue writes."""

    type = "AWS::Glue::Table"
    holds_data = True
    properties = frozenset({"CatalogId", "DatabaseName", "Name", "TableInput", "OpenTableFormatInput"})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the table."""
        if "OpenTableFormatInput" in properties:
            return Made(create_iceberg_table(site, properties))
        table = _table_input(properties)
        site.client("glue").create_table(DatabaseName=properties["DatabaseName"], TableInput=table)
        return Made(table["Name"])

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read a plain table back."""
        if "TableInput" in properties:
            found = site.client("glue").get_table(DatabaseName=properties["DatabaseName"], Name=made.id)["Table"]
            refuse_lost(_table_input(properties), found)

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change a plain table; an Iceberg table changes by Iceberg commits alone."""
        names = changed(old, new)
        if names != ["TableInput"] or _table_input(new)["Name"] != made.id:
            raise self.needs_replacement(names)
        site.client("glue").update_table(DatabaseName=new["DatabaseName"], TableInput=_table_input(new))
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the table from the catalog; its files stay."""
        glue, database = site.client("glue"), properties["DatabaseName"]
        with_absence_ignored(lambda: glue.delete_table(DatabaseName=database, Name=made.id))


def _table_input(properties: dict[str, Any]) -> dict[str, Any]:
    given = {"Name": properties["Name"]} if "Name" in properties else {}
    return {**given, **properties["TableInput"]}


def _as_the_api_names_it(properties: dict[str, Any]) -> dict[str, Any]:
    """A security configuration: CloudFormation says S3Encryptions where the API says S3Encryption."""
    given = dict(properties["EncryptionConfiguration"])
    if "S3Encryptions" in given:
        given["S3Encryption"] = given.pop("S3Encryptions")
    return {**properties, "EncryptionConfiguration": given}


OPTIMIZER = {name: f"{{{name}}}" for name in ("CatalogId", "DatabaseName", "TableName", "Type")}

TYPES = [
    Database(
        type="AWS::Glue::Database",
        service="glue",
        create_call="create_database",
        id="{DatabaseInput[Name]}",
        holds_data=True,
        deletion=("delete_database", {"Name": "{id}"}),
        change=Update("update_database", {"Name": "{id}"}),
    ),
    Table(),
    ApiResource(
        type="AWS::Glue::Job",
        service="glue",
        create_call="create_job",
        id="{Name}",
        name_property="Name",
        longest_name=255,
        deletion=("delete_job", {"JobName": "{id}"}),
        change=Update("update_job", {"JobName": "{id}"}, wrapped_in="JobUpdate"),
        read=Read("get_job", {"JobName": "{id}"}, "Job"),
        unread=frozenset({"Tags"}),
    ),
    ApiResource(
        type="AWS::Glue::TableOptimizer",
        service="glue",
        create_call="create_table_optimizer",
        id="{DatabaseName}|{TableName}|{Type}",
        deletion=(
            "delete_table_optimizer",
            OPTIMIZER,
        ),
        change=Update("update_table_optimizer"),
        read=Read(
            "get_table_optimizer",
            OPTIMIZER,
        ),
        unread=frozenset({"TableOptimizerConfiguration", "Type"}),
    ),
    ApiResource(
        type="AWS::Glue::SecurityConfiguration",
        service="glue",
        create_call="create_security_configuration",
        id="{Name}",
        name_property="Name",
        deletion=("delete_security_configuration", {"Name": "{id}"}),
        read=Read("get_security_configuration", {"Name": "{id}"}, "SecurityConfiguration"),
        adapt=_as_the_api_names_it,
    ),
]
