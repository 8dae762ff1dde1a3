"""`etl expectations` and `etl validate`: the suites, and whole days held to them."""
