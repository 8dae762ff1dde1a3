-- question: how much of what arrives is late, and how much comes twice?
-- grain: one row per batch date, the UTC date on which the batch began
-- units: lines of the raw zone; redelivered are lines of a position that was stored before, repeated are another
--     line of a stored source and id, conflicts are those with another type or time; late is by the contract of the
--     event type; shares from 0 to 1
-- partitions: those of batch_date from the first date on
select
    batch_date,
    sum(raw_lines) as raw_lines,
    sum("rows") as event_rows,
    sum(late_rows) as late_rows,
    sum(redelivered) as redelivered,
    sum(repeated) as repeated,
    sum(identity_conflicts) as identity_conflicts,
    round(1e0 * sum(late_rows) / nullif(sum("rows"), 0), 4) as late_share,
    round(1e0 * sum(redelivered + repeated) / nullif(sum(raw_lines), 0), 4)
        as duplicate_share
from batches
where status in ('committed', 'published') and batch_date >= '2020-01-01'
group by batch_date
order by batch_date
