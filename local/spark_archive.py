"""The class archive of Spark's JVM: with it a job run takes about half the time on a small machine.

Most of a short run is spent loading and verifying some 15,000 classes; Java can keep them ready in a file (AppCDS,
https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html). The file is only good for the same Java and
the same class path, so both are part of its name.
"""

import hashlib
from pathlib import Path

from local.java import java_home
from local.spark_jars import cache_folder, s3a_jars, spark_home


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
