"""Where moto 5.2.5 differs from AWS in what this project leans on: one module per mend.

Each module says what moto does and what AWS does; a test of the same name shows moto's own behaviour, so that
it fails when a newer moto no longer needs the mend.
"""

from local.front import Front
from local.mends import (
    athena_named_queries,
    bucket_policies,
    composite_alarms,
    event_delivery,
    event_source_delivery,
    glue_jobs,
    glue_table_optimizers,
    glue_tables,
    kinesis_shards,
    lambda_settings,
    module_listing,
    queue_policies,
    quicksight,
    s3_events,
    s3_java_copies,
    step_functions,
)

MENDS = (
    athena_named_queries,
    bucket_policies,
    composite_alarms,
    event_delivery,
    event_source_delivery,
    glue_jobs,
    glue_table_optimizers,
    glue_tables,
    kinesis_shards,
    lambda_settings,
    module_listing,
    queue_policies,
    quicksight,
    s3_events,
    s3_java_copies,
    step_functions,
)


def install(front: Front) -> None:
    """Mend moto for this process and this front; doing it again for another front is fine."""
    for mend in MENDS:
        mend.install(front)
