"""Names that the lake takes for itself, so that no event type and no field has them."""

COMMON_COLUMNS = (
    *("event_id", "source", "event_type", "event_time", "event_date", "subject", "arrival_time"),
    *("ingest_position", "is_late", "lateness_seconds", "batch_id"),
)
ENRICHMENT_COLUMNS = ("customer", "products", "geo", "client", "reporting", "marketing_channel")
# Columns of a view per event type that are not the event's own: structs are written out, member by member.
VIEW_COLUMNS = (
    *COMMON_COLUMNS,
    *("customer_customer_id", "customer_segment", "customer_home_country", "customer_signed_up_on"),
    *("products", "geo_country", "geo_city"),
    *("client_browser_family", "client_os_family", "client_device_family"),
    *("reporting_amount", "reporting_currency", "reporting_rate", "reporting_rate_date", "reporting_is_earlier_rate"),
    "marketing_channel",
)
TABLES = ("events", "rejected_events", "reject_fates", "batches", "ingestions", "dq_results")


def view_name(event_type: str) -> str:
    """The view that shows the events of one type."""
    return f"{event_type}_events"
