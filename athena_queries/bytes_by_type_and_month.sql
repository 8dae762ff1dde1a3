-- question: which event types and months make queries expensive, and where are files too small?
-- grain: one row per event type and month of the event date
-- units: bytes of Parquet that a query over all columns reads (Athena bills what is read); files are of the current
--     snapshot; share is of the whole table, from 0 to 1
-- partitions: none, only the metadata of the table
with partitions as (
    select
        partition.event_type as event_type,
        cast(date_trunc('month', partition.event_date) as date) as event_month,
        record_count,
        file_count,
        total_size
    from "events$partitions"
),

by_month as (
    select
        event_type,
        event_month,
        count(*) as partitions,
        sum(file_count) as files,
        sum(record_count) as events,
        sum(total_size) as bytes
    from partitions
    group by event_type, event_month
)

select
    event_type,
    event_month,
    partitions,
    files,
    events,
    bytes,
    bytes / files as bytes_per_file,
    bytes / events as bytes_per_event,
    round(1e0 * bytes / sum(bytes) over (), 4) as share
from by_month
order by bytes desc, event_type, event_month
