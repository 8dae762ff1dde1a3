-- question: how many events are there of each type on each date, and how many of them came late?
-- grain: one row per event type and event date
-- units: events; event_date is the UTC date of the event time
-- partitions: those of event_date from the first date on
select
    event_type,
    event_date,
    count(*) as events,
    count_if(is_late) as late_events
from events
where event_date >= date '2020-01-01'
group by event_type, event_date
order by event_type, event_date
