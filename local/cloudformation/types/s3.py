"""S3 buckets and bucket policies."""

from typing import Any

from local.cloudformation.refusal import Refused
from local.cloudformation.resource import Made, ResourceType, Site, changed, refuse_lost, with_absence_ignored
from local.cloudformation.shapes import boolean, text

LIFECYCLE_PLAIN = ("Status", "AbortIncompleteMultipartUpload")
LIFECYCLE_EXPIRATION = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
LIFECYCLE_FILTER = {
    "ObjectSizeGreaterThan": "ObjectSizeGreaterThan",
    "ObjectSizeLessThan": "ObjectSizeLessThan",
}
LIFECYCLE_KNOWN = {
    "Id", "Prefix", "TagFilters", "Transitions", "Transition", "NoncurrentVersionTransitions",
    "NoncurrentVersionTransition", "NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays",
    *LIFECYCLE_PLAIN, *LIFECYCLE_EXPIRATION, *LIFECYCLE_FILTER,
}  # fmt: skip


class Bucket(ResourceType):
    """AWS::S3::Bucket: one call makes it, one call more for each kind of setting."""

    type = "AWS::S3::Bucket"
    name_property = "BucketName"
    longest_name = 63
    holds_data = True

    @property
    def properties(self) -> frozenset[str]:
        """The name and every setting."""
        return frozenset({"BucketName", *SETTINGS})

    def named(self, site: Site, properties: dict[str, Any]) -> dict[str, Any]:
        """Bucket names are lower case."""
        named = super().named(site, properties)
        return {**named, "BucketName": named["BucketName"].lower()}

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the bucket."""
        name = properties["BucketName"]
        location = {"LocationConstraint": site.region}
        site.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)
        return Made(name, _attributes(name, site.region))

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Apply every setting that the template gives."""
        for name in (name for name in SETTINGS if name in properties):
            call, argument, translate = SETTINGS[name]
            getattr(site.client("s3"), call)(Bucket=made.id, **{argument: translate(properties[name])})

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the settings back; a notification to EventBridge is kept but not told by moto."""
        for name in (name for name in READS if name in properties):
            call, within = READS[name]
            found = getattr(site.client("s3"), call)(Bucket=made.id)
            _, argument, translate = SETTINGS[name]
            refuse_lost({argument: translate(properties[name])}, {argument: found.get(within, found)})

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Apply the settings that changed; one that is gone is taken away."""
        if old["BucketName"] != new["BucketName"]:
            raise self.needs_replacement(["BucketName"])
        names = changed(old, new)
        for name in (name for name in names if name not in new):
            _take_away(site.client("s3"), made.id, name)
        self.settle(site, made, {name: new[name] for name in names if name in new})
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the bucket; S3 refuses one that holds objects."""
        with_absence_ignored(lambda: site.client("s3").delete_bucket(Bucket=made.id))


class BucketPolicy(ResourceType):
    """AWS::S3::BucketPolicy."""

    type = "AWS::S3::BucketPolicy"
    properties = frozenset({"Bucket", "PolicyDocument"})

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Put the policy on the bucket."""
        site.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=text(properties["PolicyDocument"]))
        return Made(properties["Bucket"])

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Put the new policy."""
        if old["Bucket"] != new["Bucket"]:
            raise self.needs_replacement(["Bucket"])
        return self.create(site, new)

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Take the policy off the bucket."""
        with_absence_ignored(lambda: site.client("s3").delete_bucket_policy(Bucket=made.id))


def _attributes(name: str, region: str) -> dict[str, str]:
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website-{region}.amazonaws.com",
    }


def _encryption(value: dict[str, Any]) -> dict[str, Any]:
    rules = value["ServerSideEncryptionConfiguration"]
    known = {"ServerSideEncryptionByDefault", "BucketKeyEnabled"}
    if unknown := sorted(set().union(*rules) - known):
        raise Refused(f"property BucketEncryption.ServerSideEncryptionConfiguration: {unknown} not supported")
    return {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                "BucketKeyEnabled": boolean(rule.get("BucketKeyEnabled", False)),
            }
            for rule in rules
        ]
    }


def _booleans(value: dict[str, Any]) -> dict[str, bool]:
    return {name: boolean(item) for name, item in value.items()}


def _lifecycle(value: dict[str, Any]) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule, at) for at, rule in enumerate(value["Rules"])]}


def _lifecycle_rule(rule: dict[str, Any], at: int) -> dict[str, Any]:
    if unknown := sorted(set(rule) - LIFECYCLE_KNOWN):
        raise Refused(f"property LifecycleConfiguration.Rules[{at}]: {unknown} not supported")
    made = {"ID": rule.get("Id", f"rule-{at}"), "Filter": _lifecycle_filter(rule)}
    made |= {name: _numbers(rule[name]) for name in LIFECYCLE_PLAIN if name in rule}
    if expiration := {to: rule[name] for name, to in LIFECYCLE_EXPIRATION.items() if name in rule}:
        made["Expiration"] = _numbers(expiration)
    if transitions := rule.get("Transitions") or ([rule["Transition"]] if "Transition" in rule else []):
        made["Transitions"] = [_transition(one) for one in transitions]
    return made | _noncurrent(rule)


def _noncurrent(rule: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if days := rule.get("NoncurrentVersionExpirationInDays"):
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(days)}
    if expiration := rule.get("NoncurrentVersionExpiration"):
        made["NoncurrentVersionExpiration"] = _numbers(expiration)
    one = [rule["NoncurrentVersionTransition"]] if "NoncurrentVersionTransition" in rule else []
    if transitions := rule.get("NoncurrentVersionTransitions") or one:
        made["NoncurrentVersionTransitions"] = [
            _numbers({"NoncurrentDays" if key == "TransitionInDays" else key: item for key, item in each.items()})
            for each in transitions
        ]
    return made


def _lifecycle_filter(rule: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {to: int(rule[name]) for name, to in LIFECYCLE_FILTER.items() if name in rule}
    if "Prefix" in rule:
        parts["Prefix"] = rule["Prefix"]
    tags = rule.get("TagFilters", [])
    if len(parts) + len(tags) > 1:
        return {"And": {**parts, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else (parts or {"Prefix": ""})


def _transition(one: dict[str, Any]) -> dict[str, Any]:
    renamed = {"TransitionInDays": "Days", "TransitionDate": "Date"}
    return _numbers({renamed.get(key, key): item for key, item in one.items()})


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return boolean(value)
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _notifications(value: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(value) - {"EventBridgeConfiguration"}):
        raise Refused(f"property NotificationConfiguration: {unknown} not supported: use EventBridge")
    enabled = boolean(value.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled", True))
    return {"EventBridgeConfiguration": {}} if enabled else {}


def _tags(value: list[dict[str, str]]) -> dict[str, Any]:
    return {"TagSet": value}


def _same(value: Any) -> Any:
    return value


SETTINGS = {
    "BucketEncryption": ("put_bucket_encryption", "ServerSideEncryptionConfiguration", _encryption),
    "VersioningConfiguration": ("put_bucket_versioning", "VersioningConfiguration", _same),
    "PublicAccessBlockConfiguration": ("put_public_access_block", "PublicAccessBlockConfiguration", _booleans),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", "LifecycleConfiguration", _lifecycle),
    "NotificationConfiguration": (
        "put_bucket_notification_configuration", "NotificationConfiguration", _notifications,
    ),
    "OwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls", _same),
    "Tags": ("put_bucket_tagging", "Tagging", _tags),
}  # fmt: skip

READS = {
    "BucketEncryption": ("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
    "VersioningConfiguration": ("get_bucket_versioning", ""),
    "PublicAccessBlockConfiguration": ("get_public_access_block", "PublicAccessBlockConfiguration"),
    "LifecycleConfiguration": ("get_bucket_lifecycle_configuration", ""),
    "OwnershipControls": ("get_bucket_ownership_controls", "OwnershipControls"),
    "Tags": ("get_bucket_tagging", ""),
}

REMOVALS = {
    "BucketEncryption": "delete_bucket_encryption",
    "PublicAccessBlockConfiguration": "delete_public_access_block",
    "LifecycleConfiguration": "delete_bucket_lifecycle",
    "OwnershipControls": "delete_bucket_ownership_controls",
    "Tags": "delete_bucket_tagging",
}


def _take_away(s3: Any, bucket: str, name: str) -> None:
    if name == "VersioningConfiguration":
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    elif name == "NotificationConfiguration":
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    else:
        getattr(s3, REMOVALS[name])(Bucket=bucket)


TYPES = [Bucket(), BucketPolicy()]
