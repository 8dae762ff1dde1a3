"""Trino's jars, each pinned with its checksum in jars.txt, fetched once into a cache by the Ivy that Spark carries.

`python -m local.trino.jars grammar` fetches what the parser needs (5 MB), `... server` the whole engine (93 MB).
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import PipelineError
from local.java import JavaMissing, java_home
from local.spark_jars import spark_home

LIST = Path(__file__).with_name("jars.txt")
PARTS = ("grammar", "server")
# Without POMs: the list names every jar, so that nothing is left to be resolved.
SETTINGS = """\
<ivysettings>
  <settings defaultResolver="central"/>
  <caches defaultCacheDir="{cache}"/>
  <resolvers><ibiblio name="central" m2compatible="true" usepoms="false"{root}/></resolvers>
</ivysettings>
"""
MODULE = """\
<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">
  <info organisation="tributary" module="trino"/>
  <dependencies>
{dependencies}
  </dependencies>
</ivy-module>
"""
DEPENDENCY = """\
    <dependency org="{group}" name="{artifact}" rev="{version}" transitive="false">
      <artifact name="{artifact}" type="jar" ext="jar"{classifier}/>
    </dependency>"""


class TrinoMissing(PipelineError):
    """Trino's jars are not in the cache and could not be fetched."""

    def __init__(self, part: str, cache: Path, why: str):
        super().__init__(
            f"Trino's jars ({part}, {LIST.name}) are not in {cache} and could not be fetched from Maven Central: "
            f"{why}; connect to the network and run `python -m local.trino.jars {part}`, "
            "set DEFAULT_ARTIFACT_REPOSITORY to a mirror, or copy the folder from a machine that has it"
        )


@dataclass(frozen=True)
class Jar:
    """One line of the list."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    @property
    def file_name(self) -> str:
        parts = (self.group, self.artifact, self.version, self.classifier)
        return "-".join(part for part in parts if part) + ".jar"

    def dependency(self) -> str:
        """What Ivy is told of it."""
        classifier = f' m:classifier="{self.classifier}"' if self.classifier else ""
        return DEPENDENCY.format(group=self.group, artifact=self.artifact, version=self.version, classifier=classifier)


def cache_folder() -> Path:
    """Where the jars are kept: `trino` in TRIBUTARY_CACHE, by default ~/.cache/tributary."""
    return Path(os.environ.get("TRIBUTARY_CACHE", "~/.cache/tributary")).expanduser() / "trino"


def jars(part: str) -> list[Path]:
    """The jars for the class path of a part, fetched if they are not in the cache yet."""
    cache, wanted = cache_folder(), listed(part)
    if missing := [jar for jar in wanted if not (cache / jar.file_name).is_file()]:
        _fetch(part, missing, cache)
    return [cache / jar.file_name for jar in wanted]


def listed(part: str) -> list[Jar]:
    """The jars of a part: the paragraphs of the list, each on top of those before it."""
    paragraphs = LIST.read_text(encoding="utf-8").split("\n\n")[: PARTS.index(part) + 1]
    lines = [line for paragraph in paragraphs for line in paragraph.splitlines() if not line.startswith("#")]
    return [_jar(line) for line in lines]


def _jar(line: str) -> Jar:
    coordinates, sha256 = line.split()
    group, artifact, version, *classifier = coordinates.split(":")
    return Jar(group, artifact, version, "".join(classifier), sha256)


def _fetch(part: str, missing: list[Jar], cache: Path) -> None:
    """A jar comes into the cache once its checksum is right, so that a half of one never lies there."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        done = _retrieved(missing, Path(folder))
        for jar in missing:
            fetched = Path(folder, "jars", jar.file_name)
            if not fetched.is_file():
                raise TrinoMissing(
                    part, cache, _first_warning(done.stdout) or f"the resolver brought no {jar.file_name}"
                )
            if (found := hashlib.sha256(fetched.read_bytes()).hexdigest()) != jar.sha256:
                raise TrinoMissing(part, cache, f"{jar.file_name} has SHA-256 {found}, expected {jar.sha256}")
            fetched.replace(cache / jar.file_name)


def _retrieved(missing: list[Jar], folder: Path) -> subprocess.CompletedProcess:
    mirror = os.environ.get("DEFAULT_ARTIFACT_REPOSITORY", "")
    settings = SETTINGS.format(cache=folder / "cache", root=f' root="{mirror}"' if mirror else "")
    module = MODULE.format(dependencies="\n".join(jar.dependency() for jar in missing))
    for name, text in {"settings.xml": settings, "ivy.xml": module}.items():
        (folder / name).write_text(text, encoding="utf-8")
    ivy = next((spark_home() / "jars").glob("ivy-*.jar"))
    pattern = f"{folder}/jars/[organisation]-[artifact]-[revision](-[classifier]).[ext]"
    return subprocess.run(
        [java_home() / "bin/java", "-jar", ivy, "-settings", "settings.xml", "-ivy", "ivy.xml", "-retrieve", pattern],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip


def _first_warning(told: str) -> str:
    """Why Ivy failed: its first error of a server, else the first artifact that it did not find."""
    errors = [line.strip(" \t:") for line in told.splitlines() if "Server access" in line or "not found" in line]
    return errors[0] if errors else ""


def main(part: str) -> int:
    """Fetch a part; exit status 1 where it could not be had."""
    try:
        print(f"Trino {part}: {jars(part)[0].parent}")
    except (TrinoMissing, JavaMissing) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
