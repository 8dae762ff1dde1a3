"""A real git repository with contracts in it."""

import json
import os
import subprocess
from itertools import count

NUMBERS = count()
TEXT = {"type": "string", "maxLength": 9}
IDENTITY = {
    "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com", "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@example.com", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
}  # fmt: skip


class Clone:
    """A repository with contracts."""

    def __init__(self, root):
        self.root = root
        (root / "contracts").mkdir(parents=True, exist_ok=True)

    def git(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments],
            env=environment | IDENTITY, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def write(self, event_type="order", version="1-0-0", **properties):
        document = {"$id": f"urn:tributary:contract:{event_type}:{version}", "type": "object"}
        document |= {"additionalProperties": False, "properties": properties or {"x": TEXT}}
        (self.root / f"contracts/{event_type}.json").write_text(json.dumps(document))

    def commit(self):
        self.git("add", "-A")
        # Else two commits of one second and one parent are the same commit.
        self.git("commit", "-q", "--allow-empty", "-m", str(next(NUMBERS)))
        return self.git("rev-parse", "HEAD")
