"""`python -m bench.transform_naive RAW OUT`: the job as it is often written first.

The schema is inferred, duplicates are dropped by `dropDuplicates`, all settings are Spark's own (200 shuffle
partitions, snappy). Money is a double, text is as it was sent, the hash has no key, and what cannot be typed is a null.
"""

from __future__ import annotations

import json
import sys

from pyspark.sql import functions as F

from bench.spark_session import spark_session


def main(raw: str, out: str) -> None:
    spark = spark_session()
    events = spark.read.json(raw)
    bought = F.col("data.purchase")
    line_totals = F.aggregate(bought["items"]["line_total"], F.lit(0.0), lambda total, line: total + line)
    is_off = F.round(bought["total"] - line_totals - bought["shipping"] - bought["tax"], 2) != 0
    rows = (
        events.where(~F.coalesce(is_off, F.lit(False)))
        .select(
            F.col("event.id").alias("event_id"),
            F.col("event.source").alias("source"),
            F.col("event.type").alias("event_type"),
            F.to_timestamp("event.time").alias("event_time"),
            F.to_date(F.to_timestamp("event.time")).alias("event_date"),
            F.col("event.subject").alias("subject"),
            F.to_timestamp("position.arrival_time").alias("arrival_time"),
            F.concat_ws("/", "position.stream", "position.shard", "position.sequence").alias("ingest_position"),
            "data.add_to_cart",
            F.col("data.page_view").withField("ip", F.regexp_replace("data.page_view.ip", "[0-9]+$", "0")),
            "data.purchase",
            "data.refund",
            F.col("data.sign_up").dropFields("name").withField("email", F.sha2("data.sign_up.email", 256)),
        )
        .toDF(*COLUMNS)
        .withColumn("lateness_seconds", F.col("arrival_time").cast("long") - F.col("event_time").cast("long"))
        .withColumn("is_late", F.col("lateness_seconds") > 86400)
        .withColumn("batch_id", F.lit("bench"))
        .dropDuplicates(["source", "event_id"])
    )
    rows.write.mode("overwrite").partitionBy("event_type", "event_date").parquet(out)
    counted = spark.read.parquet(out).groupBy("event_type").count().collect()
    print(json.dumps({row.event_type: row["count"] for row in sorted(counted)}))


COLUMNS = ["event_id", "source", "event_type", "event_time", "event_date", "subject", "arrival_time", "ingest_position"]
COLUMNS += ["add_to_cart", "page_view", "purchase", "refund", "sign_up"]

if __name__ == "__main__":
    main(*sys.argv[1:])
