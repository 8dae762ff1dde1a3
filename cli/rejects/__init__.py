"""`etl rejects`, `replay` and `discard`: what was refused, mended and sent again, each decision once."""
