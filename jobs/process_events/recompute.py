"""The transform of a backfill: rows that are stored stay who they are, rows elsewhere are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyspark.sql import Column, DataFrame, Observation, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from contracts.errors import PipelineError
from lake import documents, layout
from lake.columns import IDENTITY
from lake.manifest import Manifest, Replacement
from lake.positions import SEQUENCE_DIGITS

PLACE = [*IDENTITY, "ingest_position"]
STORED = T.StructType([T.StructField(name, T.StringType()) for name in (*PLACE, "event_type", "batch_id")])
STORED = STORED.add("event_date", T.DateType())


class Recomputation:
    """What a backfill does otherwise than a batch, given the stored rows that its lines may be."""

    def __init__(self, spark: SparkSession, replaces: Replacement, stored_files: list[str]) -> None:
        self._replaces, self._outside = replaces, Observation()
        reader = spark.read.schema(STORED)
        self._stored = reader.parquet(*stored_files) if stored_files else spark.createDataFrame([], STORED)

    def settled(self, fated: DataFrame) -> DataFrame:
        """The lines of the partitions, of which the first that is a stored row's own is that row again."""
        same_place = Window.partitionBy(*PLACE).orderBy("arrival_time")
        is_own = F.col("ingest_position") == F.col("_winner.ingest_position")
        is_row = is_own & (F.row_number().over(same_place) == 1)
        settled = fated.withColumn("_fate", F.when(is_row, "row").otherwise(F.col("_fate")))
        is_outside = ~self._is_within()
        seen = settled.observe(self._outside, F.count(F.when(is_outside, True)).alias("outside"))
        return seen.where(~is_outside)

    def with_their_batch(self, rows: DataFrame) -> DataFrame:
        """The rows with the batch they are stored with; new ones keep the backfill's id."""
        known = self._stored.select(*PLACE, F.col("batch_id").alias("_batch_id"))
        met = rows.join(known, PLACE, "left").withColumn("batch_id", F.coalesce("_batch_id", "batch_id"))
        return met.select(*rows.columns)

    def lines_within(self, of_lines: Mapping[str, int]) -> dict[str, int]:
        """The counts of lines without those of other partitions."""
        return {**of_lines, "raw_lines": of_lines["raw_lines"] - self.outside}

    @property
    def outside(self) -> int:
        """Lines that can be rows, but not of the partitions; known once the rows are written."""
        return self._outside.get["outside"]

    def rejects_of_rows(self, rejects: DataFrame) -> DataFrame:
        """Of the rejects those that are rows of the partitions now, with their `ingest_position`."""
        parts = [F.col(f"position.{name}") for name in ("stream", "shard", "sequence", "sub_sequence")]
        place = F.concat_ws("/", *parts[:2], F.lpad(parts[2], SEQUENCE_DIGITS, "0"), parts[3].cast("string"))
        rows = self._stored.where(self._is_within()).select("ingest_position").distinct()
        return rejects.withColumn("ingest_position", place).join(rows, "ingest_position", "leftsemi")

    def _is_within(self) -> Column:
        is_of_type = F.col("event_type").isin(self._replaces.event_types)
        first, last = F.lit(self._replaces.from_date).cast("date"), F.lit(self._replaces.to_date).cast("date")
        return is_of_type & F.col("event_date").between(first, last)


def leave_vanishing(s3, staging_bucket: str, manifest: Manifest, rejects: DataFrame) -> int:
    """Leave the positions of rows that become rejects for the commit; how many there are."""
    positions = vanishing(manifest, rejects.toLocalIterator())
    key = layout.batch_document_key(manifest.batch_id, "vanishing")
    documents.write_json(s3, staging_bucket, key, {"positions": positions})
    return len(positions)


def vanishing(manifest: Manifest, rejects_of_rows: Iterable) -> list[str]:
    """Positions of the rows that would become rejects; PipelineError where that is not allowed."""
    by_reason: dict[str, int] = {}
    positions = set()
    for reject in rejects_of_rows:
        by_reason[reject["reason"]] = by_reason.get(reject["reason"], 0) + 1
        positions.add(reject["ingest_position"])
    if positions and not manifest.replaces.allow_rejects:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(by_reason.items()))
        raise PipelineError(
            f"backfill {manifest.batch_id}: {len(positions)} rows would become rejects ({told}); expected none. "
            "Nothing was changed. Mend the rule, or run the backfill with --allow-rejects if they shall be rejects."
        )
    return sorted(positions)
