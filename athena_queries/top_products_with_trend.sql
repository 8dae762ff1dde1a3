-- question: which products sold best in the last seven days, and do they rise or fall?
-- grain: one row per product, the twenty with the highest sales of these days
-- units: amounts of order lines in the reporting currency, lines without a rate left out of them; the seven days
--     end with the last event date that has a purchase, trend is against the seven days before: 0.5 is half as
--     much again, null where nothing was sold then
-- partitions: event_type purchase, event_date from the first date on
with orders as (
    select
        event_date,
        items,
        products,
        reporting_rate,
        date_diff('day', event_date, max(event_date) over ()) as days_ago
    from purchase_events
    where event_date >= date '2020-01-01'
),

sold_lines as (
    select
        orders.days_ago,
        element_at(filter(orders.products, p -> p.product_id = line.product_id), 1)
            as product,
        line.product_id,
        line.sold_as,
        line.quantity,
        line.line_total * orders.reporting_rate as sold
    from orders
    -- Spread into columns, an item would bring all its fields, also those that the contract gets later.
    cross join unnest(
        transform(
            orders.items,
            item -> cast(
                row(item.product_id, item.name, item.quantity, item.line_total)
                as row(
                    product_id varchar,
                    sold_as varchar,
                    quantity bigint,
                    line_total decimal(18, 2)
                )
            )
        )
    ) as line (product_id, sold_as, quantity, line_total)
    where orders.days_ago < 14
),

by_product as (
    select
        product_id,
        -- Reference data may have changed between two orders, or have failed for one.
        coalesce(max(product.name), max(sold_as)) as product_name,
        coalesce(max(product.category), 'unknown') as category,
        sum(if(days_ago < 7, quantity, 0)) as pieces,
        sum(if(days_ago >= 7, quantity, 0)) as pieces_before,
        cast(sum(if(days_ago < 7, sold)) as decimal(38, 2)) as sold_amount,
        cast(sum(if(days_ago >= 7, sold)) as decimal(38, 2)) as sold_amount_before
    from sold_lines
    group by product_id
)

select
    product_id,
    product_name,
    category,
    pieces,
    pieces_before,
    sold_amount,
    sold_amount_before,
    round(
        cast(sold_amount as double) / nullif(cast(sold_amount_before as double), 0) - 1,
        4
    ) as trend
from by_product
where pieces > 0
order by sold_amount desc nulls last, pieces desc, product_id
limit 20
