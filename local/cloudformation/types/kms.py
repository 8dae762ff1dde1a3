"""KMS keys and aliases."""

from typing import Any

from local.cloudformation.resource import ApiResource, Made, ResourceType, Site, Update, changed, with_absence_ignored
from local.cloudformation.shapes import boolean, text

AT_CREATION = ("Description", "KeySpec", "KeyUsage", "MultiRegion")


class Key(ResourceType):
    """AWS::KMS::Key."""

    type = "AWS::KMS::Key"
    holds_data = True
    properties = frozenset(
        {
            "KeyPolicy",
            "Enabled",
            "EnableKeyRotation",
            "RotationPeriodInDays",
            "PendingWindowInDays",
            "Tags",
            *AT_CREATION,
        }
    )

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the key with its policy."""
        given = {name: properties[name] for name in AT_CREATION if name in properties}
        if "KeyPolicy" in properties:
            given["Policy"] = text(properties["KeyPolicy"])
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])]
        key = site.client("kms").create_key(**given, Tags=tags)["KeyMetadata"]
        return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Turn rotation on or off, and the key itself."""
        kms = site.client("kms")
        if boolean(properties.get("EnableKeyRotation", False)):
            period = {"RotationPeriodInDays": int(properties.get("RotationPeriodInDays", 365))}
            kms.enable_key_rotation(KeyId=made.id, **period)
        elif "EnableKeyRotation" in properties:
            kms.disable_key_rotation(KeyId=made.id)
        if "Enabled" in properties:
            (kms.enable_key if boolean(properties["Enabled"]) else kms.disable_key)(KeyId=made.id)

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change policy, description, rotation, state and the waiting time."""
        names = changed(old, new)
        if fixed := [name for name in names if name in ("KeySpec", "KeyUsage", "MultiRegion", "Tags")]:
            raise self.needs_replacement(fixed)
        kms = site.client("kms")
        if "KeyPolicy" in names:
            kms.put_key_policy(KeyId=made.id, PolicyName="default", Policy=text(new["KeyPolicy"]))
        if "Description" in names:
            kms.update_key_description(KeyId=made.id, Description=new.get("Description", ""))
        self.settle(site, made, new)
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Schedule the deletion of the key."""
        days = int(properties.get("PendingWindowInDays", 30))
        with_absence_ignored(lambda: site.client("kms").schedule_key_deletion(KeyId=made.id, PendingWindowInDays=days))


TYPES = [
    Key(),
    ApiResource(
        type="AWS::KMS::Alias",
        service="kms",
        create_call="create_alias",
        id="{AliasName}",
        deletion=("delete_alias", {"AliasName": "{id}"}),
        change=Update("update_alias", {"AliasName": "{id}"}),
    ),
]
