-- question: of the users who first came in a week, how many came again in the weeks after?
-- grain: one row per week of the first visit and number of weeks since; weeks in which nobody came are left out
-- units: users; weeks begin on Monday, UTC; retention is the share of the cohort, from 0 to 1
-- partitions: event_type page_view, add_to_cart, purchase and sign_up, event_date from the first date on;
--     a user seen before the first date counts as new
with actions as (
    select user_id, event_date
    from page_view_events
    where event_date >= date '2020-01-01'
    union all
    select user_id, event_date
    from add_to_cart_events
    where event_date >= date '2020-01-01'
    union all
    select user_id, event_date
    from purchase_events
    where event_date >= date '2020-01-01'
    union all
    select user_id, event_date
    from sign_up_events
    where event_date >= date '2020-01-01'
),

active_weeks as (
    select distinct
        user_id,
        cast(date_trunc('week', event_date) as date) as active_week
    from actions
),

with_cohort as (
    select
        user_id,
        active_week,
        min(active_week) over (partition by user_id) as cohort_week
    from active_weeks
),

by_week as (
    select
        cohort_week,
        date_diff('day', cohort_week, active_week) / 7 as weeks_since,
        count(*) as active_users
    from with_cohort
    group by 1, 2
)

select
    cohort_week,
    weeks_since,
    active_users,
    first_value(active_users) over (
        partition by cohort_week
        order by weeks_since
    ) as cohort_users,
    round(
        1e0 * active_users / first_value(active_users) over (
            partition by cohort_week
            order by weeks_since
        ),
        4
    ) as retention
from by_week
order by cohort_week, weeks_since
