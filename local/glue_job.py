"""What a Glue job run needs on disk and in its environment: script, archives, a Spark that knows s3://."""

import os
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from local import sandbox, spark_archive
from local.front import REGION, Front
from local.java import java_home
from local.spark_jars import s3a_jars, spark_home

# Small data on a small machine: a JVM that starts fast, no web server, nothing but the loopback interface.
SPARK_SETTINGS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
S3A_SETTINGS = {
    "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "spark.hadoop.fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "spark.hadoop.fs.s3a.endpoint.region": REGION,
    "spark.hadoop.fs.s3a.path.style.access": "true",
    "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    "spark.hadoop.fs.s3a.change.detection.mode": "none",  # moto's versions confuse it
    "spark.hadoop.fs.s3a.aws.credentials.provider": "com.amazonaws.auth.EnvironmentVariableCredentialsProvider",
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
}


def prepare(
    front: Front, job: dict[str, Any], arguments: Mapping[str, str], folder: Path
) -> tuple[list[str], dict[str, str]]:
    """Fetch and write what the run needs into `folder`; the command line and the environment of its process."""
    script = _fetched(front, job["Command"]["ScriptLocation"], folder)
    archives = [uri.strip() for uri in arguments.get("--extra-py-files", "").split(",") if uri.strip()]
    python_path = [_on_path(_fetched(front, uri, folder / "python")) for uri in archives]
    environment = sandbox.environment(front, job["Role"], job["Name"], dict.fromkeys(python_path))
    if job["Command"]["Name"] != "pythonshell":
        environment |= spark_environment(front, folder, arguments.get("--conf", ""))
    return [sys.executable, str(script), *_flat(arguments)], environment


def spark_environment(front: Front, folder: Path, conf: str = "", java_options: str | None = None) -> dict[str, str]:
    """Write the settings of a run's Spark into `folder`; the environment that leads to them."""
    settings = folder / "spark.conf"
    options = spark_archive.java_options() if java_options is None else java_options
    settings.write_text(_spark_settings(front, folder, conf, options))
    return {
        "JAVA_HOME": str(java_home()),
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(spark_archive.configuration_folder()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": f"--properties-file {shlex.quote(str(settings))} pyspark-shell",
    }


def _fetched(front: Front, uri: str, folder: Path) -> Path:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / Path(key).name
    path.write_bytes(front.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    return path


def _on_path(path: Path) -> Path:
    """Archives are on the path themselves, single modules through their folder."""
    return path.parent if path.suffix == ".py" else path


def _spark_settings(front: Front, folder: Path, conf: str, java_options: str) -> str:
    settings = {
        **SPARK_SETTINGS,
        **S3A_SETTINGS,
        "spark.driver.extraJavaOptions": f"{JAVA_OPTIONS} {java_options}",
        "spark.driver.extraClassPath": os.pathsep.join(map(str, s3a_jars())),
        "spark.hadoop.fs.s3a.endpoint": front.url,
        "spark.hadoop.hadoop.tmp.dir": str(folder / "tmp"),
        "spark.local.dir": str(folder / "tmp"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        **_conf_argument(conf),
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _conf_argument(conf: str) -> dict[str, str]:
    """Glue's way to hand over several settings in one argument: `a=1 --conf b=2`."""
    return dict(word.split("=", 1) for word in shlex.split(conf) if word != "--conf")


def _flat(arguments: Mapping[str, str]) -> Iterable[str]:
    return (word for pair in arguments.items() for word in pair)


def error_of(lines: Iterable[str], exit_code: int) -> str:
    """The error that ended a job: the message of its last traceback, else its last line."""
    told = list(lines)
    starts = [number for number, line in enumerate(told) if line.startswith("Traceback (most recent")]
    if starts:
        after = told[starts[-1] + 1 :]
        message = [line for line in after if line and not line.startswith(" ")]
        if message:
            return message[0]
    last = next((line for line in reversed(told) if line.strip()), "no output")
    return f"exit status {exit_code}: {last}"
