"""SQS queues and SNS topics."""

from typing import Any

from local.cloudformation.resource import (
    ApiResource,
    Made,
    ResourceType,
    Site,
    changed,
    refuse_lost,
    refuse_unknown,
    with_absence_ignored,
)
from local.cloudformation.shapes import text

QUEUE_TAGS = {"QueueName", "Tags"}


class Queue(ResourceType):
    """AWS::SQS::Queue: every property but name and tags is a queue attribute."""

    type = "AWS::SQS::Queue"
    name_property = "QueueName"
    longest_name = 80
    properties = frozenset(
        {
            *QUEUE_TAGS, "ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue",
            "FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize",
            "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy", "RedrivePolicy",
            "SqsManagedSseEnabled", "VisibilityTimeout",
        }
    )  # fmt: skip

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the queue."""
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        name, attributes = properties["QueueName"], _queue_attributes(properties)
        answer = site.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=tags)
        arn = f"arn:aws:sqs:{site.region}:{site.account}:{name}"
        return Made(answer["QueueUrl"], {"Arn": arn, "QueueName": name, "QueueUrl": answer["QueueUrl"]})

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Set the attributes."""
        if fixed := sorted({*QUEUE_TAGS, "FifoQueue"} & set(changed(old, new))):
            raise self.needs_replacement(fixed)
        site.client("sqs").set_queue_attributes(QueueUrl=made.id, Attributes=_queue_attributes(new))
        return made

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the attributes back."""
        answer = site.client("sqs").get_queue_attributes(QueueUrl=made.id, AttributeNames=["All"])
        refuse_lost(_queue_attributes(properties), answer["Attributes"])

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the queue."""
        with_absence_ignored(lambda: site.client("sqs").delete_queue(QueueUrl=made.id))


def _queue_attributes(properties: dict[str, Any]) -> dict[str, str]:
    return {name: text(value) for name, value in properties.items() if name not in QUEUE_TAGS}


class QueuePolicy(ResourceType):
    """AWS::SQS::QueuePolicy."""

    type = "AWS::SQS::QueuePolicy"
    properties = frozenset({"Queues", "PolicyDocument"})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Put the policy on every queue."""
        self._put(site, properties["Queues"], text(properties["PolicyDocument"]))
        return Made(site.generated_name())

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Put the new policy; queues that are no longer named lose it."""
        self._put(site, [queue for queue in old["Queues"] if queue not in new["Queues"]], "")
        self._put(site, new["Queues"], text(new["PolicyDocument"]))
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Take the policy off the queues."""
        with_absence_ignored(lambda: self._put(site, properties["Queues"], ""))

    def _put(self, site: Site, queues: list[str], policy: str) -> None:
        for queue in queues:
            site.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})


class Topic(ResourceType):
    """AWS::SNS::Topic: every property but name, tags and subscriptions is a topic attribute."""

    type = "AWS::SNS::Topic"
    name_property = "TopicName"
    longest_name = 256
    properties = frozenset(
        {"TopicName", "Tags", "Subscription", "DisplayName", "KmsMasterKeyId", "FifoTopic", "ContentBasedDeduplication",
         "SignatureVersion", "TracingConfig"}
    )  # fmt: skip

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the topic."""
        name, sns = properties["TopicName"], site.client("sns")
        arn = sns.create_topic(Name=name, Attributes=_topic_attributes(properties), Tags=properties.get("Tags", []))[
            "TopicArn"
        ]
        return Made(arn, {"TopicArn": arn, "TopicName": name})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Add the subscriptions that the topic itself names."""
        for one in properties.get("Subscription", []):
            site.client("sns").subscribe(TopicArn=made.id, Protocol=one["Protocol"], Endpoint=one["Endpoint"])

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Set the attributes that changed."""
        names = changed(old, new)
        if fixed := sorted({"TopicName", "Tags", "Subscription", "FifoTopic"} & set(names)):
            raise self.needs_replacement(fixed)
        for name in names:
            value = text(new.get(name, ""))
            site.client("sns").set_topic_attributes(TopicArn=made.id, AttributeName=name, AttributeValue=value)
        return made

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the attributes back."""
        found = site.client("sns").get_topic_attributes(TopicArn=made.id)["Attributes"]
        refuse_lost(_topic_attributes(properties), found)

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the topic."""
        with_absence_ignored(lambda: site.client("sns").delete_topic(TopicArn=made.id))


def _topic_attributes(properties: dict[str, Any]) -> dict[str, str]:
    return {
        name: text(value) for name, value in properties.items() if name not in ("TopicName", "Tags", "Subscription")
    }


class TopicPolicy(ResourceType):
    """AWS::SNS::TopicPolicy."""

    type = "AWS::SNS::TopicPolicy"
    properties = frozenset({"Topics", "PolicyDocument"})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Put the policy on every topic."""
        policy = text(properties["PolicyDocument"])
        for topic in properties["Topics"]:
            site.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
        return Made(site.generated_name())

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Put the new policy."""
        self.create(site, new)
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """A topic always has a policy: the last one stays until the topic goes."""


def _subscription(properties: dict[str, Any]) -> dict[str, Any]:
    direct = ("TopicArn", "Protocol", "Endpoint")
    attributes = {name: text(value) for name, value in properties.items() if name not in direct}
    return {**{name: properties[name] for name in direct if name in properties}, "Attributes": attributes}


SUBSCRIPTION_ATTRIBUTES = frozenset(
    {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "SubscriptionRoleArn",
    }
)


class Subscription(ApiResource):
    """AWS::SNS::Subscription."""

    def check(self, properties: dict[str, Any]) -> None:
        """Refuse what is neither an argument nor a known attribute of a subscription."""
        refuse_unknown(properties, SUBSCRIPTION_ATTRIBUTES | {"TopicArn", "Protocol", "Endpoint"})

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the attributes back."""
        found = site.client("sns").get_subscription_attributes(SubscriptionArn=made.id)["Attributes"]
        refuse_lost({name: text(value) for name, value in properties.items()}, found)


TYPES = [
    Queue(),
    QueuePolicy(),
    Topic(),
    TopicPolicy(),
    Subscription(
        type="AWS::SNS::Subscription",
        service="sns",
        create_call="subscribe",
        id="{answer[SubscriptionArn]}",
        attributes={"Arn": "{id}"},
        adapt=_subscription,
        fixed={"ReturnSubscriptionArn": True},
        deletion=("unsubscribe", {"SubscriptionArn": "{id}"}),
    ),
]
