"""What went wrong in Spark, for people."""

from __future__ import annotations

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException


def first_cause(error: Py4JJavaError | PySparkException) -> str:
    """One line on what went wrong to begin with: in the JVM, or in Python that Spark ran."""
    if isinstance(error, PySparkException):
        lines = [line for line in str(error).splitlines() if line.strip()]
        return lines[-1].strip().rstrip(".")
    cause = error.java_exception
    while cause.getCause() is not None:
        cause = cause.getCause()
    return cause.toString().splitlines()[0].rstrip(".")
