-- question: how many visits come from a page to a product, into the cart and to a purchase?
-- grain: one row per UTC date on which the visit began
-- units: visits, by the session_id that the shop sends; a step counts if it is not before the step above it;
--     shares are of the visits of that date, from 0 to 1
-- partitions: event_type page_view, add_to_cart and purchase, event_date from the first date on
with actions as (
    select
        session_id,
        event_time,
        if(product_id is null, 'page', 'product') as action
    from page_view_events
    where event_date >= date '2020-01-01'
    union all
    select
        session_id,
        event_time,
        'cart' as action
    from add_to_cart_events
    where event_date >= date '2020-01-01'
    union all
    select
        session_id,
        event_time,
        'purchase' as action
    from purchase_events
    where event_date >= date '2020-01-01'
),

viewed as (
    select
        *,
        min(if(action in ('page', 'product'), event_time))
            over (partition by session_id) as viewed_at,
        min(if(action = 'product', event_time))
            over (partition by session_id) as product_viewed_at
    from actions
),

carted as (
    select
        *,
        min(if(action = 'cart' and event_time >= product_viewed_at, event_time))
            over (partition by session_id) as carted_at
    from viewed
),

visits as (
    select
        session_id,
        cast(min(viewed_at) as date) as visit_date,
        min(product_viewed_at) as product_viewed_at,
        min(carted_at) as carted_at,
        min(if(action = 'purchase' and event_time >= carted_at, event_time))
            as purchased_at
    from carted
    where viewed_at is not null
    group by session_id
)

select
    visit_date,
    count(*) as visits,
    count(product_viewed_at) as visits_with_product,
    count(carted_at) as visits_with_cart,
    count(purchased_at) as visits_with_purchase,
    round(1e0 * count(product_viewed_at) / count(*), 4) as product_share,
    round(1e0 * count(carted_at) / count(*), 4) as cart_share,
    round(1e0 * count(purchased_at) / count(*), 4) as purchase_share
from visits
group by visit_date
order by visit_date
