"""Contract types as Arrow types."""

import pyarrow as pa

from contracts.types import Array, DataType, Decimal, Struct

SCALARS = {
    "string": pa.string(),
    "long": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}


def arrow_type(data_type: DataType) -> pa.DataType:
    """The Arrow type that holds every value of a contract type."""
    if isinstance(data_type, Decimal):
        return pa.decimal128(data_type.precision, data_type.scale)
    if isinstance(data_type, Array):
        return pa.list_(arrow_type(data_type.element))
    if isinstance(data_type, Struct):
        return pa.struct([pa.field(f.name, arrow_type(f.type)) for f in data_type.fields])
    return SCALARS[data_type.name]
