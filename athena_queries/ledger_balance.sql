-- question: did every raw line of every batch become a row, a duplicate, a reject, or wait in quarantine?
-- grain: one row per batch date
-- units: lines; unaccounted_lines is 0 where the ledger balances
-- partitions: those of batch_date from the first date on
select
    batch_date,
    count(*) as batches,
    sum(raw_lines) as raw_lines,
    sum("rows") as event_rows,
    sum(redelivered + repeated) as duplicates,
    sum(rejected) as rejects,
    sum(quarantined) as quarantined,
    sum(raw_lines - "rows" - redelivered - repeated - rejected - quarantined) as unaccounted_lines
from batches
where status in ('committed', 'published', 'quarantined', 'quarantine_rejected') and batch_date >= '2020-01-01'
group by batch_date
order by batch_date
