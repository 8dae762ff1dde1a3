"""`etl tail` and `etl publish`: the downstream stream, read and completed."""
