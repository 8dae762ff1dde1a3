-- question: what did customers pay, and what went back to them, by day and currency?
-- grain: one row per event date and currency
-- units: amounts in units of `currency`, orders and refunds in events
-- partitions: event_type purchase and refund, event_date from the first date on
with payments as (
    select
        event_date,
        purchase.currency as currency,
        purchase.total as paid,
        cast(0 as decimal(18, 2)) as refunded,
        1 as orders,
        0 as refunds
    from events
    where event_type = 'purchase' and event_date >= date '2020-01-01'
),

repayments as (
    select
        event_date,
        refund.currency as currency,
        cast(0 as decimal(18, 2)) as paid,
        refund.amount as refunded,
        0 as orders,
        1 as refunds
    from events
    where event_type = 'refund' and event_date >= date '2020-01-01'
),

movements as (
    select * from payments
    union all
    select * from repayments
)

select
    event_date,
    currency,
    sum(orders) as orders,
    sum(paid) as paid,
    sum(refunds) as refunds,
    sum(refunded) as refunded
from movements
group by event_date, currency
order by event_date, currency
