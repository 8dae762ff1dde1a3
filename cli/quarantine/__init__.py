"""`etl quarantine`: batches that were kept back, and what people decide on them."""
