-- question: where are the newest data-quality reports?
-- grain: one row per validation that wrote a report, the ten newest
-- units: run_kind is batch (before the commit) or days (whole days afterwards); times are UTC, to the second
-- partitions: those of batch_date and run_date from the first date on
with reports as (
    select
        'batch' as run_kind,
        batch_id as run_id,
        replace(substr(recorded_at, 1, 19), 'T', ' ') as recorded_time,
        status as outcome,
        report_uri
    from batches
    where batch_date >= '2020-01-01'
    union all
    select
        run_kind,
        run_id,
        max(substr(cast(validated_at as varchar), 1, 19)) as recorded_time,
        if(count_if(not success and severity = 'fail') > 0, 'failed', 'passed') as outcome,
        report_uri
    from dq_results
    where run_kind = 'days' and run_date >= date '2020-01-01'
    group by run_kind, run_id, report_uri
)

select
    run_kind,
    run_id,
    recorded_time,
    outcome,
    report_uri
from reports
where report_uri is not null
order by recorded_time desc, run_id
limit 10
