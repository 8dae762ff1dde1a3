"""`python -m bench [name[:events] ...]`: the named benchmarks, or every one; a table each."""

import sys

from bench import enrichment, ingestion, publisher

BENCHMARKS = {"ingestion": ingestion.run, "enrichment": enrichment.run, "publisher": publisher.run}

if __name__ == "__main__":
    asked = [argument.partition(":")[::2] for argument in sys.argv[1:] or BENCHMARKS]
    if unknown := [name for name, _ in asked if name not in BENCHMARKS]:
        sys.exit(f"bench: there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.")
    for name, events in asked:
        BENCHMARKS[name](*([int(events)] if events else []))
