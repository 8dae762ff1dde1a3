"""`python -m bench [name ...]`: the named benchmarks, or every one; a table each."""

import sys

from bench import ingestion, publisher

BENCHMARKS = {"ingestion": ingestion.run, "publisher": publisher.run}

if __name__ == "__main__":
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        sys.exit(f"bench: there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.")
    for name in names:
        BENCHMARKS[name]()
