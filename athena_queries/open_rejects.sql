-- question: which refused records wait for a decision: replay, fix or discard?
-- grain: one row per stage, reason and event type
-- units: rejects, each record once; times are RFC 3339 UTC
-- partitions: those of reject_date, fate_date and batch_date from the first on
with decided as (
    select distinct reject_id
    from reject_fates
    where fate_date >= '2020-01-01'
),

visible_batches as (
    select batch_id
    from batches
    where status in ('committed', 'published') and batch_date >= '2020-01-01'
),

-- Lines of a batch that never became visible are judged again by another one.
standing as (
    select
        rejected_events.reject_id,
        rejected_events.stage,
        rejected_events.reason,
        rejected_events.event_type,
        rejected_events.arrival_time
    from rejected_events
    left join visible_batches
        on rejected_events.batch_id = visible_batches.batch_id
    where
        rejected_events.reject_date >= '2020-01-01'
        and (rejected_events.batch_id is null or visible_batches.batch_id is not null)
)

select
    standing.stage,
    standing.reason,
    standing.event_type,
    count(distinct standing.reject_id) as open_rejects,
    min(standing.arrival_time) as oldest_arrival_time
from standing
left join decided on standing.reject_id = decided.reject_id
where decided.reject_id is null
group by standing.stage, standing.reason, standing.event_type
order by standing.stage, standing.reason, standing.event_type
