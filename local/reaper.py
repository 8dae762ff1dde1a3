"""A small process that outlives the local AWS by a moment, to end the process groups it left behind.

It reads `+<pid>` and `-<pid>` lines; when the writer is gone, however it ended, groups still listed are killed.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Follow the list of process groups until its writer is gone, then kill what is left."""
    groups: set[int] = set()
    for line in sys.stdin:
        change, pid = line[0], int(line[1:])
        groups.add(pid) if change == "+" else groups.discard(pid)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
