"""A JVM of Python's own with Trino's jars, reached by Py4J."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

from local.java import java_home
from local.spark_jars import spark_home


@contextmanager
def jvm(jars: list[Path], heap: str) -> Iterator[Any]:
    """The root of its packages; the JVM ends with the block, and with this process."""
    bridge = next((spark_home() / "jars").glob("py4j-*.jar"))
    port, token = launch_gateway(
        jarpath=str(bridge),
        classpath=os.pathsep.join(map(str, jars)),
        java_path=str(java_home() / "bin/java"),
        javaopts=[f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC"],
        die_on_exit=True,
        enable_auth=True,
        redirect_stdout=subprocess.DEVNULL,
        redirect_stderr=subprocess.DEVNULL,
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token, auto_convert=True))
    try:
        yield gateway.jvm
    finally:
        gateway.shutdown()
