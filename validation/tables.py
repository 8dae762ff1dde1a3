"""Tables that can be validated by day: where they lie, which column is the day, and what tells their rows apart."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.errors import ConfigurationError


@dataclass(frozen=True)
class DatedTable:
    """A table of the catalog, read a day at a time; `date_type` is that of its partition in Athena."""

    name: str
    zone: str
    date_column: str
    date_type: str
    group_column: str
    # What tells a row from all others, to look it up by.
    identity: tuple[str, ...]
    # Texts that may hold a person's data as it came: of these it is only asked whether they are there.
    hidden: tuple[str, ...] = ()

    def literal(self, day: str) -> str:
        """A day as a literal of Athena's SQL."""
        return f"date '{day}'" if self.date_type == "date" else f"'{day}'"

    def between(self, first: str, last: str) -> str:
        """The predicate that keeps a query to the partitions of these days."""
        return f"{self.date_column} between {self.literal(first)} and {self.literal(last)}"


TABLES = {
    table.name: table
    for table in (
        DatedTable(
            "events", "processed", "event_date", "date", "event_type", ("source", "event_id", "event_time", "batch_id")
        ),
        DatedTable(
            "rejected_events", "error", "reject_date", "string", "reason", ("reject_id",), ("original_base64", "found")
        ),
        DatedTable("batches", "ledger", "batch_date", "string", "status", ("batch_id",)),
        DatedTable("ingestions", "ledger", "ingest_date", "string", "stream", ("stream", "shard", "first_sequence")),
    )
}


def dated_table(name: str, zone: str = "") -> DatedTable:
    """The table; ConfigurationError where there is none of that name, or not in that zone."""
    if name not in TABLES:
        raise ConfigurationError(f"there is no table {name!r} to validate; expected one of {', '.join(TABLES)}.")
    found = TABLES[name]
    if zone and zone != found.zone:
        raise ConfigurationError(f"table {name} lies in the zone {found.zone}, not in {zone!r}; leave the zone out.")
    return found
