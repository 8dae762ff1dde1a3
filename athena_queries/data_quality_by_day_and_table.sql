-- question: which share of the checks held, by day and table?
-- grain: one row per validated day, table, kind of run and severity
-- units: checks, an expectation once per run; pass_rate from 0 to 1; unexpected_values broke an expectation of values,
--     null where there was none; data_date is the event date that was validated, of a batch its batch date
-- partitions: those of run_date from the first date on
select
    data_date,
    table_name,
    run_kind,
    severity,
    count(distinct run_id) as runs,
    count(*) as checks,
    count_if(success) as passed_checks,
    count_if(not success) as failed_checks,
    round(1e0 * count_if(success) / count(*), 4) as pass_rate,
    sum(unexpected) as unexpected_values
from dq_results
where run_date >= date '2020-01-01' and data_date >= date '2020-01-01'
group by data_date, table_name, run_kind, severity
order by data_date, table_name, run_kind, severity
