"""Kinesis streams and their consumers."""

from typing import Any

from local.cloudformation.resource import ApiResource, Made, Read, ResourceType, Site, changed, with_absence_ignored


class Stream(ResourceType):
    """AWS::Kinesis::Stream."""

    type = "AWS::Kinesis::Stream"
    name_property = "Name"
    holds_data = True
    properties = frozenset(
        {"Name", "ShardCount", "StreamModeDetails", "RetentionPeriodHours", "StreamEncryption", "Tags"}
    )

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the stream: on demand, or with shards."""
        given: dict[str, Any] = {
            "StreamModeDetails": properties.get("StreamModeDetails", {"StreamMode": "PROVISIONED"})
        }
        if "ShardCount" in properties:
            given["ShardCount"] = int(properties["ShardCount"])
        name = properties["Name"]
        site.client("kinesis").create_stream(StreamName=name, **given)
        return Made(name, {"Arn": f"arn:aws:kinesis:{site.region}:{site.account}:stream/{name}"})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Set retention, encryption and tags."""
        kinesis = site.client("kinesis")
        _retain(kinesis, made.id, int(properties.get("RetentionPeriodHours", 24)))
        if "StreamEncryption" in properties:
            kinesis.start_stream_encryption(StreamName=made.id, **properties["StreamEncryption"])
        if tags := {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}:
            kinesis.add_tags_to_stream(StreamName=made.id, Tags=tags)

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change retention and encryption; shards and mode stay."""
        names = changed(old, new)
        if fixed := sorted({"Name", "ShardCount", "StreamModeDetails", "Tags"} & set(names)):
            raise self.needs_replacement(fixed)
        if "StreamEncryption" in names and "StreamEncryption" in old:
            site.client("kinesis").stop_stream_encryption(StreamName=made.id, **old["StreamEncryption"])
        self.settle(site, made, new)
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the stream."""
        kinesis = site.client("kinesis")
        with_absence_ignored(lambda: kinesis.delete_stream(StreamName=made.id, EnforceConsumerDeletion=True))


def _retain(kinesis: Any, stream: str, hours: int) -> None:
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    if hours > summary["RetentionPeriodHours"]:
        kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=hours)
    elif hours < summary["RetentionPeriodHours"]:
        kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=hours)


TYPES = [
    Stream(),
    ApiResource(
        type="AWS::Kinesis::StreamConsumer",
        service="kinesis",
        create_call="register_stream_consumer",
        id="{answer[Consumer][ConsumerARN]}",
        attributes={"ConsumerARN": "{id}", "ConsumerName": "{ConsumerName}"},
        deletion=("deregister_stream_consumer", {"ConsumerARN": "{id}"}),
        read=Read("describe_stream_consumer", {"ConsumerARN": "{id}"}, "ConsumerDescription"),
    ),
]
