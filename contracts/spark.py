"""Contract types as Spark types."""

from pyspark.sql import types as T

from contracts.types import Array, DataType, Decimal, Struct

SCALARS = {
    "string": T.StringType(),
    "long": T.LongType(),
    "double": T.DoubleType(),
    "boolean": T.BooleanType(),
    "timestamp": T.TimestampType(),
    "date": T.DateType(),
}


def spark_type(data_type: DataType) -> T.DataType:
    """The Spark type that holds every value of a contract type."""
    if isinstance(data_type, Decimal):
        return T.DecimalType(data_type.precision, data_type.scale)
    if isinstance(data_type, Array):
        return T.ArrayType(spark_type(data_type.element))
    if isinstance(data_type, Struct):
        return T.StructType([T.StructField(f.name, spark_type(f.type)) for f in data_type.fields])
    return SCALARS[data_type.name]
