"""S3 as the engine sees it: listings by boto3, reads by pyarrow, all through the front."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from pyarrow.fs import S3FileSystem

from local.front import REGION, Front


@dataclass(frozen=True)
class StoredObject:
    """An object and its size in bytes."""

    uri: str
    size: int

    @property
    def path(self) -> str:
        """As pyarrow's file systems call it."""
        return self.uri.removeprefix("s3://")


class Storage:
    """Reads of the local S3 with the local operator's credentials."""

    def __init__(self, front: Front):
        self._front = front
        self.client: Callable[[str], Any] = front.client

    @cached_property
    def filesystem(self) -> S3FileSystem:
        """Where pyarrow reads from; made at first use, because the server's port must be known."""
        return S3FileSystem(
            endpoint_override=urlsplit(self._front.url).netloc,
            scheme="http",
            access_key="local",
            secret_key="local",
            region=REGION,
        )

    @property
    def iceberg_properties(self) -> dict[str, str]:
        """What pyiceberg needs to read table metadata."""
        return {
            "s3.endpoint": self._front.url,
            "s3.access-key-id": "local",
            "s3.secret-access-key": "local",
            "s3.region": REGION,
            "s3.force-virtual-addressing": "False",
        }

    def objects(self, location: str) -> list[StoredObject]:
        """Objects with content under a location, without those that Hive calls hidden."""
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        prefix = prefix.rstrip("/") + "/" if prefix else ""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [
            StoredObject(f"s3://{bucket}/{item['Key']}", item["Size"])
            for page in pages
            for item in page.get("Contents", [])
            if item["Size"] and not item["Key"].rsplit("/", 1)[-1].startswith(("_", "."))
        ]

    def read(self, uri: str) -> bytes:
        """The content of one object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
