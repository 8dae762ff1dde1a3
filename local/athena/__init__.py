"""Athena in DuckDB: the same SQL over the same Glue tables, views and S3 objects.

Statements come in by the public API (`service`), are read and translated (`statements`, `translate`), planned
against the catalog (`references`, `pruning`, `session`), and end as CSV in S3 (`results`).
"""

from local.athena.service import install

__all__ = ["install"]
