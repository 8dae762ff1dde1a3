"""Container images without Docker: a Dockerfile becomes a folder with exactly the files that it copies.

The packages that RUN would install come from the running environment; everything else is as in the image.
"""

import re
import shutil
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from local.dockerfile import (
    Ignored,
    ImageError,
    Instruction,
    assignments,
    command,
    flags_and_words,
    instructions,
    substituted,
)

# What AWS's own Python images for Lambda bring (https://docs.aws.amazon.com/lambda/latest/dg/python-image.html).
_LAMBDA_PYTHON = re.compile(r"(^|/)(aws-)?lambda[/-]python(:|@|$)")
_TOP = PurePosixPath("/")
_LAMBDA_ENTRYPOINT = ("python", "-m", "awslambdaric")
_FOLLOWED = ("FROM", "ARG", "ENV", "WORKDIR", "COPY", "ENTRYPOINT", "CMD")
_NOT_EXECUTED = {
    "RUN", "USER", "EXPOSE", "LABEL", "HEALTHCHECK", "SHELL", "STOPSIGNAL", "VOLUME", "MAINTAINER"
}  # fmt: skip


@dataclass
class Image:
    """An image as files and settings: what stands at `/` of the container is in `folder`."""

    folder: Path
    workdir: PurePosixPath = field(default=_TOP)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def cwd(self) -> Path:
        """Where the container's process starts, in the staged folder."""
        return self.inside(str(self.workdir))

    @property
    def python_path(self) -> list[Path]:
        """The folders of the image's PYTHONPATH that were copied into it."""
        entries = self.environment.get("PYTHONPATH", "").split(":")
        return [self.inside(entry) for entry in entries if entry and self.inside(entry).is_dir()]

    @property
    def variables(self) -> dict[str, str]:
        """The image's environment, paths of the image turned into paths of the staged folder."""
        skipped = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
        return {name: self.localised(value) for name, value in self.environment.items() if name not in skipped}

    def inside(self, path: str) -> Path:
        """The staged place of a path of the image."""
        return self.folder / (self.workdir / path).relative_to("/")

    def localised(self, text: str) -> str:
        """`text`, or where it stands in the staged folder if it is a path of the image."""
        is_path = text.startswith("/") and text != "/" and self.inside(text).exists()
        return str(self.inside(text)) if is_path else text

    def argv(self, entrypoint: tuple[str, ...] = (), cmd: tuple[str, ...] = ()) -> list[str]:
        """The process that the container would start, after the overrides that Docker knows."""
        words = [self.localised(word) for word in (*(entrypoint or self.entrypoint), *(cmd or self.cmd))]
        if not words:
            raise ImageError("the image has neither ENTRYPOINT nor CMD, so there is nothing to run")
        if re.fullmatch(r"(/\S*/)?python3?(\.\d+)?", words[0]):
            words[0] = sys.executable
        return words


class Images:
    """The images of a repository, staged once each; a name's last part is the folder with its Dockerfile."""

    def __init__(self, root: Path, folder: Path):
        self._root, self._folder = root.resolve(), folder.resolve()
        self._staged: dict[str, Image] = {}
        self._lock = threading.Lock()
        shutil.rmtree(self._folder, ignore_errors=True)  # what an earlier run staged may be out of date

    def get(self, uri: str) -> Image:
        """The staged image of that URI, from the Dockerfile as it stood when it was first asked for."""
        with self._lock:
            if uri not in self._staged:
                self._staged[uri] = self._stage(uri)
            return self._staged[uri]

    def _stage(self, uri: str) -> Image:
        name, _, tag = re.sub(r"@sha256:", ":", uri).rpartition("/")[2].partition(":")
        dockerfile = self._root / name / "Dockerfile"
        if not dockerfile.is_file():
            raise ImageError(
                f"image {uri}: no {name}/Dockerfile in {self._root}; "
                "the last part of an image's repository names the folder that holds its Dockerfile"
            )
        return stage(dockerfile, self._root, self._folder / f"{name}-{tag or 'latest'}")


def stage(dockerfile: Path, context: Path, folder: Path) -> Image:
    """Follow a Dockerfile: copy what it copies into `folder`, remember what it sets."""
    build = _Build(dockerfile, context, folder)
    for instruction in instructions(dockerfile.read_text()):
        build.follow(instruction)
    return build.image


class _Build:
    def __init__(self, dockerfile: Path, context: Path, folder: Path):
        self._dockerfile, self._context, self._folder = dockerfile, context, folder
        self._is_ignored = Ignored(_ignore_text(dockerfile, context))
        self._stages: dict[str, Image] = {}
        self._args: dict[str, str] = {}
        self.image = Image(folder)

    def follow(self, instruction: Instruction) -> None:
        keyword, rest, line = instruction
        if keyword in _NOT_EXECUTED:
            return
        if keyword not in _FOLLOWED:
            self._refuse(line, f"{keyword} is not known to the local AWS; it follows {', '.join(_FOLLOWED)}")
        step = getattr(self, f"_{keyword.lower()}")
        verbatim = keyword in ("ENTRYPOINT", "CMD")  # variables there are the container's, not the build's
        step(rest if verbatim else substituted(rest, {**self._args, **self.image.environment}), line)

    def _refuse(self, line: int, why: str) -> None:
        raise ImageError(f"{self._dockerfile}, line {line}: {why}")

    def _arg(self, rest: str, line: int) -> None:
        name, _, value = rest.partition("=")
        self._args[name] = value.strip("\"'")

    def _from(self, rest: str, line: int) -> None:
        _, (origin, *name) = flags_and_words(rest)
        self.image = Image(self._folder / str(len(self._stages)))
        self.image.folder.mkdir(parents=True)
        if origin in self._stages:
            self._inherit(self._stages[origin])
        elif _LAMBDA_PYTHON.search(origin):
            self.image.workdir, self.image.entrypoint = PurePosixPath("/var/task"), _LAMBDA_ENTRYPOINT
            self.image.environment = {"LAMBDA_TASK_ROOT": "/var/task", "PYTHONPATH": "/var/task"}
            self.image.cwd.mkdir(parents=True)
        self._stages[name[-1] if name else str(len(self._stages))] = self.image

    def _inherit(self, parent: Image) -> None:
        shutil.copytree(parent.folder, self.image.folder, dirs_exist_ok=True)
        self.image.workdir, self.image.environment = parent.workdir, dict(parent.environment)
        self.image.entrypoint, self.image.cmd = parent.entrypoint, parent.cmd

    def _workdir(self, rest: str, line: int) -> None:
        self.image.workdir = self.image.workdir / rest.strip("\"'")
        self.image.cwd.mkdir(parents=True, exist_ok=True)

    def _env(self, rest: str, line: int) -> None:
        self.image.environment.update(assignments(rest))

    def _entrypoint(self, rest: str, line: int) -> None:
        self.image.entrypoint, self.image.cmd = command(rest), ()  # as Docker does

    def _cmd(self, rest: str, line: int) -> None:
        self.image.cmd = command(rest)

    def _copy(self, rest: str, line: int) -> None:
        flags, words = flags_and_words(rest)
        if len(words) < 2:
            self._refuse(line, f"COPY needs a source and a destination, found {rest!r}")
        *sources, destination = words
        if "from" in flags:
            found = self._found_in_stage(flags["from"], sources)
        else:
            found = [path for source in sources for path in self._found_in_context(source, line)]
        into_folder = destination.endswith("/") or destination == "." or len(found) > 1
        for path in found:
            self._place(path, self.image.inside(destination), into_folder)

    def _found_in_context(self, source: str, line: int) -> list[Path]:
        matches = sorted(self._context.glob(source.strip("/") or "."))
        found = [path for path in matches if not self._left_out(path)]
        if not found:
            self._refuse(line, f"COPY {source}: not found in {self._context} (or left out by .dockerignore)")
        return found

    def _found_in_stage(self, name: str, sources: list[str]) -> list[Path]:
        """Files of an earlier stage; what RUN or another image made there (packages, tools) is not there."""
        if name not in self._stages:
            return []
        earlier = self._stages[name]
        return [earlier.inside(source) for source in sources if earlier.inside(source).exists()]

    def _left_out(self, path: Path) -> bool:
        within = path.relative_to(self._context).as_posix() if path.is_relative_to(self._context) else ""
        return path.name == "__pycache__" or (bool(within) and self._is_ignored(within))

    def _place(self, source: Path, destination: Path, into_folder: bool) -> None:
        if source.is_dir():
            shutil.copytree(source, destination, ignore=self._ignored_names, dirs_exist_ok=True)
            return
        target = destination / source.name if into_folder or destination.is_dir() else destination
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)

    def _ignored_names(self, folder: str, names: list[str]) -> set[str]:
        return {name for name in names if self._left_out(Path(folder) / name)}


def _ignore_text(dockerfile: Path, context: Path) -> str:
    """Docker prefers `<Dockerfile>.dockerignore` beside the Dockerfile to the context's own."""
    for path in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if path.is_file():
            return path.read_text()
    return ""
