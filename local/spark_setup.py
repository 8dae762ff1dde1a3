"""Set-up of Spark: `python -m local.spark_setup` fetches its S3A jars and makes its class archive, each once."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local.java import JavaMissing, java_home
from local.spark_archive import archive
from local.spark_jars import JarsMissing, s3a_jars

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


class RehearsalFailed(Exception):
    """Spark ran into an error while its classes were gathered; jobs run without the archive, more slowly."""


def make_archive() -> bool:
    """Write the archive unless it is there: one run of Spark against a local AWS of its own."""
    if not archive().is_file() and _can_archive():
        with tempfile.TemporaryDirectory() as folder:
            _rehearse(Path(folder))
    return archive().is_file()


def _can_archive() -> bool:
    """Whether this Java has the archive of its own classes that ours would build on; trimmed ones have not."""
    return any((java_home() / "lib/server").glob("classes*.jsa"))


def _rehearse(folder: Path) -> None:
    # Seconds of imports, needed once in the life of a cache.
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
        raise RehearsalFailed(done.stderr.strip().splitlines()[-1])


def main() -> int:
    """Exit status 1 where jobs could not run; an archive that cannot be made is told, and no obstacle."""
    try:
        print(f"S3A jars for Spark: {s3a_jars()[0].parent}")
    except (JarsMissing, JavaMissing) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        made = make_archive()
        print(f"class archive: {archive() if made else 'none: this Java makes none, runs are slower'}")
    except (RehearsalFailed, subprocess.TimeoutExpired) as error:
        print(f"class archive: none, runs are slower; gathering Spark's classes failed: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
