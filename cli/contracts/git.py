"""What git knows of the contracts: their texts at another commit, and which commit the main branch last had."""

from __future__ import annotations

import subprocess
from pathlib import Path

from contracts.errors import PipelineError

FOLDER = "contracts"
MAIN_BRANCHES = ("origin/HEAD", "origin/main", "main")


class GitError(PipelineError):
    """git is not there, or does not know what it was asked for."""


def contract_texts(root: Path, ref: str) -> dict[str, str]:
    """File name -> text of each contract at a commit, a branch or a tag."""
    commit = _commit(root, ref)
    if commit is None:
        raise GitError(
            f"git knows no commit {ref!r} in {root}; expected a commit, branch or tag of this clone. "
            "Fetch it (`git fetch`), or name another."
        )
    paths = _git(root, "ls-tree", "--name-only", "-z", commit, f"{FOLDER}/").split("\0")
    files = [path for path in paths if path.endswith(".json")]
    return {Path(path).name: _git(root, "show", f"{commit}:./{path}") for path in files}


def main_reference(root: Path) -> tuple[str | None, str]:
    """The commit to compare with, and why that one; None where this clone has none.

    On a branch it is where the branch left the main branch; on the main branch itself, the commit before.
    """
    try:
        head = _commit(root, "HEAD")
    except GitError as error:
        return None, str(error)
    if head is None:
        return None, "this repository has no commit yet"
    for branch in MAIN_BRANCHES:
        if base := _output(root, "merge-base", "HEAD", branch):
            if base != head:
                return base, f"where HEAD left {branch}"
            break
    before = _commit(root, "HEAD~1")
    return before, "the commit before HEAD" if before else "this clone has no commit before HEAD"


def _commit(root: Path, ref: str) -> str | None:
    return _output(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")


def _output(root: Path, *arguments: str) -> str | None:
    """What git answers; None where it does not know."""
    done = _run(root, *arguments)
    return done.stdout.strip() or None if done.returncode == 0 else None


def _git(root: Path, *arguments: str) -> str:
    done = _run(root, *arguments)
    if done.returncode:
        raise GitError(f"git {arguments[0]} failed: {done.stderr.strip()}. Mend it and try again.")
    return done.stdout


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, encoding="utf-8", check=False
        )
    except FileNotFoundError:
        raise GitError("git is not installed; expected it to compare with another commit. Install git.") from None
    if "not a git repository" in done.stderr:
        raise GitError(f"{root} is no git repository; expected a clone to compare with. Clone the repository.")
    if "dubious ownership" in done.stderr:
        raise GitError(f"git does not trust {root}: {done.stderr.strip().splitlines()[0]}. Add it to safe.directory.")
    return done
