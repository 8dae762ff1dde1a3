"""A Trino server in a JVM of its own, with tables in memory.

It is assembled from the engine's jars: releases that run on Java 17 are not on Maven Central as an archive, nor are
their connectors for Iceberg and Hive.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trino

from local.trino.jars import jars
from local.trino.jvm import jvm

# What Athena calls the Glue Catalog; views name it.
CATALOG = "awsdatacatalog"
HEAP = "2G"


@contextmanager
def trino_server() -> Iterator[Callable[[str], trino.dbapi.Connection]]:
    """Connects to a schema of a server that ends with the block; values come as its protocol has them."""
    with jvm(jars("server"), HEAP) as java:
        server = java.io.trino.server.testing.TestingTrinoServer.create()
        try:
            server.installPlugin(java.io.trino.plugin.memory.MemoryPlugin())
            server.createCatalog(CATALOG, "memory")
            address = server.getAddress()
            yield lambda schema: trino.dbapi.connect(
                host=address.getHost(), port=address.getPort(), user="analyst",
                catalog=CATALOG, schema=schema, timezone="UTC", legacy_primitive_types=True,
            )  # fmt: skip
        finally:
            server.close()
