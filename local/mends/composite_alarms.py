"""CloudWatch PutCompositeAlarm.

moto keeps and tells composite alarms, and its PutMetricAlarm takes their rule, but it has no PutCompositeAlarm.
"""

from moto.cloudwatch.responses import CloudWatchResponse

from local.front import Front


def install(front: Front) -> None:
    """Let PutCompositeAlarm be what moto's PutMetricAlarm already does."""
    CloudWatchResponse.put_composite_alarm = CloudWatchResponse.put_metric_alarm
