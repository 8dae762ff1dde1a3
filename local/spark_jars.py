"""The jars that let Spark read and write s3:// (S3A), fetched once into a cache by Spark's own resolver.

S3A needs five parts of the AWS SDK; the bundle that it names would bring 280 MB more.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local.java import java_home

HADOOP = "3.3.4"  # the one that pyspark 3.5 carries
SDK = "1.12.262"  # the one that hadoop-aws 3.3.4 names
PACKAGES = (
    f"org.apache.hadoop:hadoop-aws:{HADOOP}",
    f"com.amazonaws:aws-java-sdk-s3:{SDK}",
    f"com.amazonaws:aws-java-sdk-dynamodb:{SDK}",
)
EXCLUDED = ("com.amazonaws:aws-java-sdk-bundle", "org.wildfly.openssl:wildfly-openssl")
# Not everything that is resolved: its Jackson would clash with Spark's own.
NEEDED = (
    f"org.apache.hadoop_hadoop-aws-{HADOOP}.jar",
    *(f"com.amazonaws_aws-java-sdk-{part}-{SDK}.jar" for part in ("core", "s3", "kms", "dynamodb")),
    f"com.amazonaws_jmespath-java-{SDK}.jar",
    "joda-time_joda-time-2.8.1.jar",
)


class JarsMissing(Exception):
    """The jars are not in the cache and could not be fetched."""

    def __init__(self, cache: Path, why: str):
        super().__init__(
            f"the S3A jars ({', '.join(PACKAGES)}) are not in {cache} and could not be fetched from Maven Central: "
            f"{why}; connect to the network and run `make setup` again, set "
            "DEFAULT_ARTIFACT_REPOSITORY to a mirror, or copy the folder from a machine that has it"
        )


def cache_folder() -> Path:
    """Where the jars are kept: `ivy` in TRIBUTARY_CACHE, by default ~/.cache/tributary."""
    return Path(os.environ.get("TRIBUTARY_CACHE", "~/.cache/tributary")).expanduser() / "ivy"


def spark_home() -> Path:
    """The Spark inside the pyspark package."""
    import pyspark

    return Path(pyspark.__file__).parent


def s3a_jars() -> list[Path]:
    """The jars for Spark's class path, fetched if they are not in the cache yet."""
    cache = cache_folder()
    jars = [cache / "jars" / name for name in NEEDED]
    if not _all_there(jars):
        _fetch(cache)
    if not _all_there(jars):
        missing = ", ".join(jar.name for jar in jars if not jar.is_file())
        raise JarsMissing(cache, f"the resolver brought no {missing}")
    return jars


def _all_there(jars: list[Path]) -> bool:
    return all(jar.is_file() for jar in jars)


def _fetch(cache: Path) -> None:
    """Start Spark once with nothing to do but resolve its packages."""
    with tempfile.TemporaryDirectory() as folder:
        nothing = Path(folder, "nothing.py")
        nothing.write_text("")
        done = subprocess.run(
            [spark_home() / "bin/spark-submit", "--master", "local[1]", "--conf", f"spark.jars.ivy={cache}",
             "--packages", ",".join(PACKAGES), "--exclude-packages", ",".join(EXCLUDED), nothing],
            env={**os.environ, "JAVA_HOME": str(java_home()), "SPARK_HOME": str(spark_home()),
                 "PYSPARK_PYTHON": sys.executable},
            capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode:
        raise JarsMissing(cache, _last_error(done.stderr))


def _last_error(told: str) -> str:
    errors = [line.strip() for line in told.splitlines() if "unresolved" in line or "Exception" in line]
    return errors[-1] if errors else "the resolver failed without a reason"
