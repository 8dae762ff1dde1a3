"""`python -m bench.transform_ours RAW OUT`: the job's own code, storage aside."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.raw_zone import files
from bench.spark_session import spark_session
from jobs.process_events import job

SIZES = job.Sizes(file_rows=1_000_000, partition_mb=16)


def main(raw: str, out: str) -> None:
    paths = [str(path) for path in files(Path(raw))]
    size = sum(Path(path).stat().st_size for path in paths)
    document, _ = job.process(spark_session(), job.Batch("bench", paths, [], out, size, SIZES), "pepper")
    print(json.dumps(document["rows_by_type"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
