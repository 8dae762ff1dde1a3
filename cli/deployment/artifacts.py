"""What a deployment uploads or names by its content: the same source gives the same key and the same image tag."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

IMAGES = {
    "lambdas": ("contracts", "lake", "pages", "quality", "expectations", "lambdas", "pyproject.toml", "uv.lock"),
    "enrichment": ("contracts", "lake", "enrichment", "pyproject.toml", "uv.lock"),
    "validation": (
        *("contracts", "lake", "pages", "quality", "expectations", "validation"),
        *("notebooks/40_validate_days.ipynb", "pyproject.toml", "uv.lock"),
    ),
}
LIBRARY = ("contracts", "lake", "quality", "expectations", "jobs")
# The jobs' scripts by the template parameter that carries the key.
SCRIPTS = {
    "TransformScriptKey": "process_events",
    "EvaluationScriptKey": "evaluate_batch",
    "CatchUpScriptKey": "catch_up",
}
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}
# The oldest date that a zip can hold: real dates would change the file's hash without a change in it.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Artifact:
    """One object of the artifacts bucket and the template parameter that carries its key."""

    parameter: str
    name: str
    body: bytes

    @property
    def key(self) -> str:
        """`a/b.zip` -> `a/b-<first 16 hex digits of the sha256>.zip`."""
        stem, dot, suffix = self.name.partition(".")
        return f"{stem}-{hashlib.sha256(self.body).hexdigest()[:16]}{dot}{suffix}"


def artifacts(root: Path) -> list[Artifact]:
    """Everything that the stacks take from the artifacts bucket."""
    definition = root / "infra/state_machines/process_batch.asl.json"
    return [
        *(
            Artifact(parameter, f"jobs/{job}.py", (root / f"jobs/{job}/job.py").read_bytes())
            for parameter, job in SCRIPTS.items()
        ),
        Artifact("TransformLibraryKey", "jobs/library.zip", library(root)),
        Artifact("StateMachineKey", "state_machines/process_batch.asl.json", definition.read_bytes()),
    ]


def upload(s3: Any, bucket: str, artifact: Artifact) -> bool:
    """Put the artifact where its content says; False when it was there already."""
    try:
        s3.head_object(Bucket=bucket, Key=artifact.key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        s3.put_object(Bucket=bucket, Key=artifact.key, Body=artifact.body)
        return True
    return False


def library(root: Path) -> bytes:
    """The modules that the Glue jobs import, as one zip: the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in source_files(root, LIBRARY):
            if path.suffix in (".py", ".json"):
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), ZIP_DATE)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def image_tag(root: Path, image: str) -> str:
    """Tag of an image, by the content of all that its Dockerfile copies and of the Dockerfile itself."""
    digest = hashlib.sha256()
    for path in source_files(root, IMAGES[image]):
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def image_uri(root: Path, image: str, registry: str, project: str, tag: str | None = None) -> str:
    """Where the templates expect an image: `<registry>/<project>/<image>:<tag>`."""
    return f"{registry}/{project}/{image}:{tag or image_tag(root, image)}"


def source_files(root: Path, names: Iterable[str]) -> list[Path]:
    """The files at and below these names, sorted, without what Python and editors leave behind."""
    found = [path for name in names for path in (root / name, *(root / name).rglob("*"))]
    return sorted(path for path in found if path.is_file() and not LEFT_OUT & set(path.parts))
