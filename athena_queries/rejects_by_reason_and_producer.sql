-- question: whose records are refused, at which stage and why?
-- grain: one row per producer, stage, reason and event type
-- units: rejects, each record once however often its batch was run; the producer is the `source` that the record
--     names itself, null where it is no JSON object or names none; times are RFC 3339 UTC
-- partitions: those of reject_date from the first date on, all columns of them
-- Parsed first: of a text, Athena takes the source even where what follows is no JSON.
with refused as (
    select
        reject_id,
        stage,
        reason,
        event_type,
        arrival_time,
        try(
            json_extract_scalar(
                json_parse(from_utf8(from_base64(original_base64))),
                '$.source'
            )
        ) as producer
    from rejected_events
    where reject_date >= '2020-01-01'
)

select
    producer,
    stage,
    reason,
    event_type,
    count(distinct reject_id) as rejects,
    min(arrival_time) as first_arrival_time,
    max(arrival_time) as last_arrival_time
from refused
group by producer, stage, reason, event_type
order by producer, stage, reason, event_type
