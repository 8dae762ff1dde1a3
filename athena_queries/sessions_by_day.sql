-- question: how long and how busy are sessions, and how many of them buy?
-- grain: one row per UTC date on which the session began
-- units: a session is what one user does until more than 30 minutes of silence, whatever session_id the
--     shop sent and over midnight too; durations in seconds from first to last event
-- partitions: event_type page_view, add_to_cart and purchase, event_date from the first date on
with actions as (
    select user_id, event_time, event_id, 0 as purchases
    from page_view_events
    where event_date >= date '2020-01-01'
    union all
    select user_id, event_time, event_id, 0 as purchases
    from add_to_cart_events
    where event_date >= date '2020-01-01'
    union all
    select user_id, event_time, event_id, 1 as purchases
    from purchase_events
    where event_date >= date '2020-01-01'
),

with_silence as (
    select
        *,
        lag(event_time) over (
            partition by user_id
            order by event_time, event_id
        ) as earlier_time
    from actions
),

numbered as (
    select
        *,
        count_if(
            earlier_time is null
            or event_time > earlier_time + interval '30' minute
        ) over (
            partition by user_id
            order by event_time, event_id
            rows between unbounded preceding and current row
        ) as session_number
    from with_silence
),

sessions as (
    select
        user_id,
        session_number,
        cast(min(event_time) as date) as session_date,
        count(*) as events,
        sum(purchases) as purchases,
        date_diff('millisecond', min(event_time), max(event_time)) / 1e3
            as duration_seconds
    from numbered
    group by user_id, session_number
)

select
    session_date,
    count(*) as sessions,
    count(distinct user_id) as users,
    sum(events) as events,
    count_if(events = 1) as sessions_of_one_event,
    count_if(purchases > 0) as sessions_with_purchase,
    round(1e0 * sum(events) / count(*), 2) as mean_events,
    round(avg(duration_seconds), 1) as mean_duration_seconds,
    max(duration_seconds) as longest_duration_seconds
from sessions
group by session_date
order by session_date
