"""The Spark that jobs are measured with: two cores, and a heap that does not grow with the input."""

from __future__ import annotations

import os
import sys

from pyspark.sql import SparkSession

from local.java import java_home

SETTINGS = {
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
}


def spark_session(**more: str) -> SparkSession:
    """A new session; settings of its own may be added."""
    os.environ.update(JAVA_HOME=str(java_home()), PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    session = SparkSession.builder.master("local[2]").config(map={**SETTINGS, **more}).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
