"""`etl backfill`, `history` and `maintain`: the Iceberg table's past and upkeep."""
