-- The checks of `bench/quality.py`, one scan: values that break each of them. Grain: one row.
with events as (
    select
        *,
        count(*) over (partition by source, event_id) as same_identity,
        count(*) over (partition by ingest_position) as same_position
    from read_parquet($files, union_by_name = true)
),

paid as (
    select purchase.order_id, purchase.currency, any_value(purchase.total) as total
    from read_parquet($files, union_by_name = true)
    where event_type = 'purchase'
    group by all
)

select
    count_if(same_identity > 1) as "identity.unique",
    count_if(event_id is null) as "event_id.not_null",
    count_if(source is null) as "source.not_null",
    count_if(event_type is null) as "event_type.not_null",
    count_if(event_time is null) as "event_time.not_null",
    count_if(event_date is null) as "event_date.not_null",
    count_if(arrival_time is null) as "arrival_time.not_null",
    count_if(e.batch_id is null) as "batch_id.not_null",
    count_if(event_type not in ('add_to_cart', 'page_view', 'purchase', 'refund', 'sign_up', 'wikipedia_edit'))
        as "event_type.has_contract",
    count_if(same_position > 1) as "ingest_position.unique",
    count_if(event_date != (event_time at time zone 'UTC')::date) as "event_date.of_event_time",
    count_if(is_late != (lateness_seconds > 86400)) as "is_late.as_contract_says",
    count_if(purchase.total <= 0) as "purchase.total.more_than_nothing",
    count_if(
        purchase.total
        != list_sum(list_transform(purchase.items, lambda i: i.line_total)) + purchase.shipping + purchase.tax
    ) as "purchase.total.sum_of_items",
    count_if(len(purchase.items) < 1) as "purchase.items.at_least_one",
    count_if(not regexp_full_match(purchase.currency, '[A-Z]{3}')) as "purchase.currency.is_code",
    count_if(not regexp_full_match(refund.currency, '[A-Z]{3}')) as "refund.currency.is_code",
    count_if(refund.amount <= 0) as "refund.amount.more_than_nothing",
    count_if(refund.amount > paid.total) as "refund.not_above_purchase",
    count_if(
        coalesce(purchase.user_id, refund.user_id, page_view.user_id) is not null and customer.customer_id is null
    ) as "customer.known"
from events as e
left join paid on refund.order_id = paid.order_id and refund.currency = paid.currency
