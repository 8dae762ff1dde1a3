"""Read a Dockerfile (and a .dockerignore) as far as the local AWS needs it; pure text, no files."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from local.front import AwsError


class ImageError(AwsError):
    """A Dockerfile that the local AWS cannot follow, or that Docker could not either."""

    def __init__(self, message: str):
        super().__init__("InvalidImage", message)


class Instruction(NamedTuple):
    """One instruction of a Dockerfile: `COPY a b` is ("COPY", "a b", its first line's number)."""

    keyword: str
    rest: str
    line: int


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, comments dropped and continued lines joined."""
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        first = first if joined else number
        joined += line.strip()
        if joined.endswith("\\"):
            joined = joined[:-1].rstrip() + " "
            continue
        keyword, _, rest = joined.partition(" ")
        yield Instruction(keyword.upper(), rest.strip(), first)
        joined = ""


def flags_and_words(rest: str) -> tuple[dict[str, str], list[str]]:
    """`--from=a --link b c` -> ({"from": "a", "link": ""}, ["b", "c"]); the JSON form is read too."""
    flags = {}
    while match := re.match(r"--([\w-]+)(?:=(\S+))?\s+", rest):
        flags[match[1]] = match[2] or ""
        rest = rest[match.end() :]
    return flags, exec_form(rest) or shlex.split(rest)


def exec_form(rest: str) -> list[str] | None:
    """`["a", "b"]` -> ["a", "b"]; None when it is not the JSON form."""
    try:
        words = json.loads(rest)
    except ValueError:
        return None
    return [str(word) for word in words] if isinstance(words, list) else None


def command(rest: str) -> tuple[str, ...]:
    """What an ENTRYPOINT or CMD runs; the shell form runs in a shell, as in Docker."""
    words = exec_form(rest)
    return tuple(words) if words is not None else ("/bin/sh", "-c", rest)


def assignments(rest: str) -> dict[str, str]:
    """`A=1 B="x y"` and the old form `A 1` -> {"A": "1", "B": "x y"}."""
    name, _, value = rest.partition(" ")
    if "=" not in name:
        return {name: value.strip()}
    return dict(word.split("=", 1) for word in shlex.split(rest))


_VARIABLE = re.compile(r"\\\$|\$\{(\w+)(?:(:[-+])([^}]*))?\}|\$(\w+)")


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """`text` with $A, ${A}, ${A:-default} and ${A:+other} replaced."""

    def value(match: re.Match) -> str:
        if match[0] == "\\$":
            return "$"
        known = variables.get(match[1] or match[4], "")
        if match[2] == ":-":
            return known or match[3]
        if match[2] == ":+":
            return match[3] if known else ""
        return known

    return _VARIABLE.sub(value, text)


class Ignored:
    """The patterns of a .dockerignore: the last one that fits a path or a folder above it decides."""

    def __init__(self, text: str):
        lines = (line.strip() for line in text.splitlines())
        self._rules = [_rule(line) for line in lines if line and not line.startswith("#")]

    def __call__(self, path: str) -> bool:
        """Is `path` (relative to the context, with slashes) left out of the image's context?"""
        is_ignored = False
        for pattern, ignores in self._rules:
            if pattern.fullmatch(path):
                is_ignored = ignores
        return is_ignored


def _rule(line: str) -> tuple[re.Pattern, bool]:
    pattern = line.removeprefix("!").strip().strip("/")
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    regex = re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda m: parts.get(m[0]) or re.escape(m[0]), pattern)
    return re.compile(f"{regex}(?:/.*)?"), not line.startswith("!")
