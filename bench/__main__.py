"""`python -m bench [name[:events] ...]`: the named benchmarks, or every one; tables of figures and ratios."""

import sys

from bench import dedupe, enrichment, ingestion, publisher, quality, transform

BENCHMARKS = {
    "ingestion": ingestion.run,
    "transform": transform.run,
    "dedupe": dedupe.run,
    "enrichment": enrichment.run,
    "publisher": publisher.run,
    "quality": quality.run,
}

if __name__ == "__main__":
    asked = [argument.partition(":")[::2] for argument in sys.argv[1:] or BENCHMARKS]
    if unknown := [name for name, _ in asked if name not in BENCHMARKS]:
        sys.exit(f"bench: there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.")
    for name, events in asked:
        BENCHMARKS[name](*([int(events)] if events else []))
