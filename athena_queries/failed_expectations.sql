-- question: which expectations did not hold, how often and when last?
-- grain: one row per table, expectation and severity
-- units: runs; values of the runs in which it did not hold, null where it is about an aggregate
-- partitions: those of run_date from the first date on
select
    table_name,
    expectation_id,
    severity,
    max(description) as description,
    max(column_name) as column_name,
    count(distinct run_id) as failed_runs,
    sum(evaluated) as evaluated,
    sum(unexpected) as unexpected,
    max(data_date) as last_data_date
from dq_results
where not success and run_date >= date '2020-01-01' and data_date >= date '2020-01-01'
group by table_name, expectation_id, severity
order by severity, failed_runs desc, table_name, expectation_id
