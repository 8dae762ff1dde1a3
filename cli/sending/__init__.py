"""`etl send`: lines into the ingest stream, and what became of each."""
