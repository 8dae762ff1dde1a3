-- question: what was sold and what went back, by day, product category and marketing channel?
-- grain: one row per event date, category, channel and reporting currency
-- units: amounts of order lines in the reporting currency, without shipping and tax; reporting_currency is null
--     where no rate was known: such lines are counted, their amounts are null
-- partitions: event_type page_view, purchase and refund, event_date from the first date on; a refund has the
--     channel of its order, unknown if that was before
with visits as (
    select
        session_id,
        marketing_channel,
        row_number() over (
            partition by session_id
            order by event_time, event_id
        ) as view_number
    from page_view_events
    where
        event_date >= date '2020-01-01'
        -- A visitor who comes from the shop's own pages was brought before.
        and marketing_channel <> 'internal'
),

channels as (
    select session_id, marketing_channel
    from visits
    where view_number = 1
),

orders as (
    select
        event_date,
        order_id,
        session_id,
        items,
        products,
        reporting_currency,
        reporting_rate,
        row_number() over (
            partition by order_id
            order by event_time, event_id
        ) as order_number
    from purchase_events
    where event_date >= date '2020-01-01'
),

order_channels as (
    select
        orders.order_id,
        channels.marketing_channel
    from orders
    left join channels on orders.session_id = channels.session_id
    where orders.order_number = 1
),

sold_lines as (
    select
        orders.event_date,
        orders.order_id,
        orders.products,
        orders.reporting_currency,
        orders.reporting_rate,
        line.product_id,
        line.line_total
    from orders
    -- Spread into columns, an item would bring all its fields, also those that the contract gets later.
    cross join unnest(
        transform(
            orders.items,
            item -> cast(
                row(item.product_id, item.line_total)
                as row(product_id varchar, line_total decimal(18, 2))
            )
        )
    ) as line (product_id, line_total)
),

refunds as (
    select
        event_date,
        order_id,
        products,
        reporting_currency,
        reporting_amount,
        product_id
    from refund_events
    where event_date >= date '2020-01-01'
),

movements as (
    select
        event_date,
        order_id,
        element_at(filter(products, p -> p.product_id = sold_lines.product_id), 1)
            as product,
        reporting_currency,
        line_total * reporting_rate as sold,
        null as refunded,
        1 as sold_lines,
        0 as refunds
    from sold_lines
    union all
    select
        event_date,
        order_id,
        element_at(filter(products, p -> p.product_id = refunds.product_id), 1)
            as product,
        reporting_currency,
        null as sold,
        reporting_amount as refunded,
        0 as sold_lines,
        1 as refunds
    from refunds
),

placed as (
    select
        movements.*,
        coalesce(movements.product.category, 'unknown') as category,
        coalesce(order_channels.marketing_channel, 'unknown') as channel
    from movements
    left join order_channels on movements.order_id = order_channels.order_id
)

select
    event_date,
    category,
    channel,
    reporting_currency,
    sum(sold_lines) as sold_lines,
    cast(sum(sold) as decimal(38, 2)) as sold_amount,
    sum(refunds) as refunds,
    cast(sum(refunded) as decimal(38, 2)) as refunded_amount
from placed
group by event_date, category, channel, reporting_currency
order by event_date, category, channel, reporting_currency
