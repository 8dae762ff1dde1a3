"""Which rows of a batch other batches have made visible meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.columns import IDENTITY

# What is read of a file to compare it.
COLUMNS = [*IDENTITY, "ingest_position"]


@dataclass(frozen=True)
class Comparison:
    """Rows of one file that may stay, as a mask, and why the others may not."""

    keep: pa.Array
    redelivered: int
    repeated: int

    @property
    def dropped(self) -> int:
        return self.redelivered + self.repeated


def compare(rows: pa.Table, stored: pa.Table) -> Comparison:
    """Drop rows whose source and event_id are stored; redelivered where the position is the stored one's too."""
    numbered = rows.select(COLUMNS).append_column("row", pa.array(np.arange(len(rows))))
    known = stored.group_by(IDENTITY).aggregate([("ingest_position", "min")])
    met = numbered.join(known, keys=IDENTITY, join_type="inner")
    keep = pc.invert(pc.is_in(numbered["row"], value_set=met["row"]))
    redelivered = pc.sum(pc.equal(met["ingest_position"], met["ingest_position_min"])).as_py() or 0
    return Comparison(keep, redelivered, len(met) - redelivered)
