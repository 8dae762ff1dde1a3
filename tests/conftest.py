"""What tests of several rooms share: one Spark, since each start takes seconds."""

import os
import sys

import pytest

from tests.browser import browser  # noqa: F401


@pytest.fixture(scope="session")
def spark():
    """A small Spark in UTC, as the Glue job sets it; it knows s3:// once a test has named the endpoint."""
    from pyspark.sql import SparkSession

    from local.glue_job import S3A_SETTINGS
    from local.java import java_home
    from local.spark_jars import s3a_jars

    os.environ.update(JAVA_HOME=str(java_home()), PYSPARK_PYTHON=sys.executable)
    settings = {
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",
        **S3A_SETTINGS,
        "spark.driver.extraClassPath": os.pathsep.join(map(str, s3a_jars())),
        "spark.hadoop.fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
        "spark.hadoop.fs.s3a.access.key": "test",
        "spark.hadoop.fs.s3a.secret.key": "test",
    }
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()
