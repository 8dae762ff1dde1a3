-- question: what was refused, at which stage and why?
-- grain: one row per stage, reason and arrival date
-- units: rejects, each record once however often its batch was run
-- partitions: those of reject_date from the first date on
select
    stage,
    reason,
    reject_date,
    count(distinct reject_id) as rejects
from rejected_events
where reject_date >= '2020-01-01'
group by stage, reason, reject_date
order by stage, reason, reject_date
