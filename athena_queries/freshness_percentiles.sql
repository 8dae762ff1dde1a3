-- question: how long does an event take to become a row that can be queried?
-- grain: one row per batch date and event type
-- units: seconds, exact percentiles (the smallest value that so many events do not exceed); from arrival in the
--     stream, and from the event's own time, until the ledger last recorded the batch, which is after its rows
--     became visible: at the commit, or once they were published
-- partitions: those of batch_date from the first date on, and all of events: narrow event_date to read less
with recorded as (
    select
        batch_id,
        batch_date,
        from_iso8601_timestamp(recorded_at) as recorded_time
    from batches
    where status in ('committed', 'published') and batch_date >= '2020-01-01'
),

arrived as (
    select batch_id, event_type, event_time, arrival_time
    from events
    where event_date >= date '2020-01-01'
),

waits as (
    select
        recorded.batch_date,
        arrived.event_type,
        date_diff('millisecond', arrived.arrival_time, recorded.recorded_time) / 1e3
            as since_arrival,
        date_diff('millisecond', arrived.event_time, recorded.recorded_time) / 1e3
            as since_event
    from arrived
    inner join recorded on arrived.batch_id = recorded.batch_id
),

ranked as (
    select
        *,
        cume_dist() over (
            partition by batch_date, event_type
            order by since_arrival
        ) as arrival_share,
        cume_dist() over (
            partition by batch_date, event_type
            order by since_event
        ) as event_share
    from waits
)

select
    batch_date,
    event_type,
    count(*) as events,
    min(if(arrival_share >= 0.5, since_arrival)) as p50_since_arrival_seconds,
    min(if(arrival_share >= 0.95, since_arrival)) as p95_since_arrival_seconds,
    max(since_arrival) as max_since_arrival_seconds,
    min(if(event_share >= 0.5, since_event)) as p50_since_event_seconds,
    min(if(event_share >= 0.95, since_event)) as p95_since_event_seconds,
    max(since_event) as max_since_event_seconds
from ranked
group by batch_date, event_type
order by batch_date, event_type
