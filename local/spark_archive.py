"""A class archive for Spark's JVM: with it a job run takes about half the time on a small machine.

Most of a short run is spent loading and verifying some 15,000 classes; Java can keep them ready in a file (AppCDS,
https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html). The file is only good for the same Java and
the same class path, so both are part of its name.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local.java import java_home
from local.spark_jars import cache_folder, s3a_jars, spark_home

# Uses what jobs use, so that its classes are in the archive; then lets the JVM end, which writes it.
_REHEARSAL = """
from pyspark.sql import SparkSession, Window, functions as F
spark = SparkSession.builder.getOrCreate()
rows = spark.createDataFrame([("a", 1, '{"n": 1}'), ("b", 2, '{"n": 2}')], ["kind", "n", "text"])
typed = rows.withColumn("parsed", F.from_json("text", "n long")).withColumn("at", F.to_timestamp(F.lit("2026-01-01")))
typed = typed.withColumn("rank", F.row_number().over(Window.partitionBy("kind").orderBy("n")))
typed.cache()
typed.write.mode("overwrite").partitionBy("kind").parquet("s3://rehearsal/typed")
typed.select(F.to_json("parsed").alias("value")).write.text("s3://rehearsal/lines", compression="gzip")
lines = spark.read.text("s3://rehearsal/lines").withColumn("value", F.from_json("value", "n long"))
again = spark.read.parquet("s3://rehearsal/typed")
again.join(lines, again["n"] == lines["value.n"], "left_anti").groupBy("kind").agg(F.count("n"), F.min("at")).collect()
spark.read.json("s3://rehearsal/lines").count()
jvm = spark.sparkContext._gateway.proc
spark.stop()
jvm.stdin.close()
jvm.wait()
"""


def archive() -> Path:
    """Where the archive for this Java and this Spark is, or would be."""
    parts = [java_home(), spark_home(), *s3a_jars(), (java_home() / "release").stat().st_mtime_ns]
    name = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]
    return cache_folder().parent / "spark" / f"classes-{name}.jsa"


def configuration_folder() -> Path:
    """An empty folder for SPARK_CONF_DIR: it is on the class path, where an archive allows no other folder."""
    folder = archive().parent / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def java_options() -> str:
    """What makes the JVM use the archive, if there is one."""
    return f"-XX:SharedArchiveFile={archive()} -Xlog:cds=off -Xlog:cds+dynamic=off" if archive().is_file() else ""


def make() -> bool:
    """Write the archive unless it is there: one run of Spark against a local AWS of its own."""
    if not archive().is_file():
        with tempfile.TemporaryDirectory() as folder:
            _rehearse(Path(folder))
    return archive().is_file()


def _rehearse(folder: Path) -> None:
    from local.glue_job import spark_environment
    from local.server import serve

    server = serve(0, folder / "state", folder)
    try:
        s3 = server.front.client("s3")
        s3.create_bucket(Bucket="rehearsal", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        options = f"-XX:ArchiveClassesAtExit={archive()} -Xlog:disable"
        environment = spark_environment(server.front, folder, java_options=options)
        _run(_REHEARSAL, environment, folder)
    finally:
        server.stop()


def _run(script: str, environment: dict[str, str], folder: Path) -> None:
    (folder / "rehearsal.py").write_text(script)
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    done = subprocess.run(
        [sys.executable, folder / "rehearsal.py"],
        env={**os.environ, **credentials, **environment}, cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if done.returncode:
        archive().unlink(missing_ok=True)
        raise RuntimeError(f"the rehearsal of Spark failed: {done.stderr[-2000:]}")
