"""Values as the tables hold them: what JSON Schema allows and storage writes otherwise.

JSON Schema takes 5.0 for an integer and 5 for a number, and its date-time format takes leap seconds,
nanoseconds and the year 0.
"""

from __future__ import annotations

from datetime import date

from contracts.types import Array, DataType, Scalar, Struct
from contracts.validator import shown
from lake.positions import utc_text
from lake.rejects import Reason
from lambdas.ingestion import rfc3339
from lambdas.ingestion.refused import Refused

NEXT_STEP = "Send a value of that form; replay the record once it is mended."


def storable(value: object, data_type: DataType, path: str = "data") -> object:
    """The value, its integers written as such and its times in UTC; Refused where no column can hold it."""
    if value is None:
        return None
    if isinstance(data_type, Struct):
        known = {
            f.name: storable(value[f.name], f.type, f"{path}.{f.name}") for f in data_type.fields if f.name in value
        }
        return value | known
    if isinstance(data_type, Array):
        return [storable(element, data_type.element, f"{path}.{i}") for i, element in enumerate(value)]
    return READERS[data_type.name](value, path) if data_type in STRICT else value


def _long(value: int | float, path: str) -> int:
    return int(value)


def _double(value: int | float, path: str) -> float:
    return float(value)


def _timestamp(value: str, path: str) -> str:
    time = rfc3339.parse(value)
    if time is None:
        raise Refused(Reason.INVALID_DATA, f"{path} is {shown(value)}", rfc3339.EXPECTED, NEXT_STEP)
    return utc_text(time)


def _date(value: str, path: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        expected = "a date as YYYY-MM-DD in the years 1 to 9999"
        raise Refused(Reason.INVALID_DATA, f"{path} is {shown(value)}", expected, NEXT_STEP) from None


READERS = {"long": _long, "double": _double, "timestamp": _timestamp, "date": _date}
STRICT = frozenset(Scalar(name) for name in READERS)
