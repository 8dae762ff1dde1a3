-- Grain: one row per event. Needs the variables blanks, ipv4, ipv6, inner_key, outer_key; writes {out} from {raw}.
CREATE MACRO clean(text) AS trim(text, getvariable('blanks'));
CREATE MACRO keyed_hash(text) AS
    sha256(getvariable('outer_key') || unhex(sha256(getvariable('inner_key') || encode(text))));
CREATE MACRO ipv4_network(address) AS regexp_extract(address, '^([0-9]+[.][0-9]+[.][0-9]+)[.]', 1) || '.0';
CREATE MACRO first_groups(address) AS regexp_replace(regexp_extract(
    CASE WHEN regexp_matches(address, '^:(?::[0-9a-f]{1,4}){7}$') THEN substr(address, 2)
         ELSE regexp_replace(address, '::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,4})?$', ':::') END,
    '^([0-9a-f]*:[0-9a-f]*:[0-9a-f]*)', 1), '\b0+', '', 'g');
CREATE MACRO ipv6_network(address) AS regexp_replace(regexp_replace(
    regexp_replace(first_groups(lower(address)), ':+$', ''), '::', ':0:'), '^:', '0:') || '::';
CREATE MACRO network_of(address) AS
    CASE WHEN regexp_matches(address, getvariable('ipv4')) THEN ipv4_network(address)
         WHEN starts_with(address, '::ffff:') AND contains(address, '.') THEN ipv4_network(substr(address, 8))
         WHEN regexp_matches(address, getvariable('ipv6')) THEN ipv6_network(address) END;

CREATE VIEW lines AS
SELECT * FROM read_json('{raw}/*.ndjson.gz', format = 'newline_delimited', columns = {
    position: 'STRUCT(stream VARCHAR, shard VARCHAR, sequence VARCHAR, arrival_time TIMESTAMPTZ, sub_sequence BIGINT)',
    event: 'STRUCT(id VARCHAR, source VARCHAR, type VARCHAR, "time" TIMESTAMPTZ, subject VARCHAR)',
    data: 'STRUCT(
        add_to_cart STRUCT(user_id VARCHAR, session_id VARCHAR, cart_id VARCHAR, product_id VARCHAR, quantity BIGINT,
            unit_price DECIMAL(18, 2), currency VARCHAR),
        page_view STRUCT(user_id VARCHAR, session_id VARCHAR, product_id VARCHAR,
            page STRUCT(url VARCHAR, title VARCHAR, referrer VARCHAR),
            utm STRUCT(source VARCHAR, medium VARCHAR, campaign VARCHAR),
            duration_ms BIGINT, user_agent VARCHAR, ip VARCHAR),
        purchase STRUCT(user_id VARCHAR, session_id VARCHAR, order_id VARCHAR,
            items STRUCT(product_id VARCHAR, name VARCHAR, quantity BIGINT, unit_price DECIMAL(18, 2),
                line_total DECIMAL(18, 2))[],
            shipping DECIMAL(18, 2), tax DECIMAL(18, 2), total DECIMAL(18, 2), currency VARCHAR,
            payment_method VARCHAR, coupon VARCHAR),
        refund STRUCT(user_id VARCHAR, refund_id VARCHAR, order_id VARCHAR, product_id VARCHAR, amount DECIMAL(18, 2),
            currency VARCHAR, reason VARCHAR, comment VARCHAR),
        sign_up STRUCT(user_id VARCHAR, email VARCHAR, country VARCHAR, plan VARCHAR, has_marketing_consent BOOLEAN,
            referral_code VARCHAR))'
});

CREATE VIEW typed AS
SELECT event.id AS event_id, event.source AS source, event.type AS event_type, event.time AS event_time,
    event.time::DATE AS event_date, event.subject AS subject, position.arrival_time AS arrival_time,
    concat_ws('/', position.stream, position.shard, lpad(position.sequence, 56, '0'), position.sub_sequence)
        AS ingest_position,
    floor(epoch_us(position.arrival_time - event.time) / 1000000)::BIGINT AS lateness_seconds,
    data
FROM lines;

CREATE VIEW accepted AS
SELECT * EXCLUDE data, lateness_seconds > 86400 AS is_late, 'bench' AS batch_id,
    CASE WHEN data.add_to_cart IS NOT NULL THEN {
        user_id: clean(data.add_to_cart.user_id), session_id: clean(data.add_to_cart.session_id),
        cart_id: clean(data.add_to_cart.cart_id), product_id: clean(data.add_to_cart.product_id),
        quantity: data.add_to_cart.quantity, unit_price: data.add_to_cart.unit_price,
        currency: clean(data.add_to_cart.currency)} END AS add_to_cart,
    CASE WHEN data.page_view IS NOT NULL THEN {
        user_id: clean(data.page_view.user_id), session_id: clean(data.page_view.session_id),
        product_id: clean(data.page_view.product_id),
        page: {url: clean(data.page_view.page.url), title: clean(data.page_view.page.title),
               referrer: clean(data.page_view.page.referrer)},
        utm: CASE WHEN data.page_view.utm IS NOT NULL THEN {source: clean(data.page_view.utm.source),
               medium: clean(data.page_view.utm.medium), campaign: clean(data.page_view.utm.campaign)} END,
        duration_ms: data.page_view.duration_ms, user_agent: clean(data.page_view.user_agent),
        ip: network_of(clean(data.page_view.ip))} END AS page_view,
    CASE WHEN data.purchase IS NOT NULL THEN {
        user_id: clean(data.purchase.user_id), session_id: clean(data.purchase.session_id),
        order_id: clean(data.purchase.order_id),
        items: [{product_id: clean(i.product_id), name: clean(i.name), quantity: i.quantity, unit_price: i.unit_price,
                 line_total: i.line_total} FOR i IN data.purchase.items],
        shipping: data.purchase.shipping, tax: data.purchase.tax, total: data.purchase.total,
        currency: clean(data.purchase.currency), payment_method: data.purchase.payment_method,
        coupon: clean(data.purchase.coupon)} END AS purchase,
    CASE WHEN data.refund IS NOT NULL THEN {
        user_id: clean(data.refund.user_id), refund_id: clean(data.refund.refund_id),
        order_id: clean(data.refund.order_id), product_id: clean(data.refund.product_id), amount: data.refund.amount,
        currency: clean(data.refund.currency), reason: data.refund.reason, comment: clean(data.refund.comment)}
        END AS refund,
    CASE WHEN data.sign_up IS NOT NULL THEN {
        user_id: clean(data.sign_up.user_id), email: keyed_hash(clean(data.sign_up.email)),
        country: clean(data.sign_up.country), plan: data.sign_up.plan,
        has_marketing_consent: data.sign_up.has_marketing_consent,
        referral_code: clean(data.sign_up.referral_code)} END AS sign_up
FROM typed
WHERE NOT coalesce(
    data.purchase.total <> list_sum([i.line_total FOR i IN data.purchase.items])
        + data.purchase.shipping + data.purchase.tax
    OR len([i FOR i IN data.purchase.items IF i.line_total <> i.quantity * i.unit_price]) > 0, false);

COPY (
    SELECT * FROM accepted
    QUALIFY row_number() OVER (PARTITION BY source, event_id ORDER BY arrival_time, ingest_position) = 1
    ORDER BY event_type, event_date, event_time, ingest_position
) TO '{out}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (event_type, event_date));
