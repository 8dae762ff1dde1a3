"""Parameters and secrets."""

import json
from typing import Any

from local.cloudformation.refusal import Refused
from local.cloudformation.resource import (
    ApiResource,
    Made,
    Read,
    ResourceType,
    Site,
    Update,
    changed,
    refuse_lost,
    with_absence_ignored,
)
from local.cloudformation.shapes import text

GENERATOR_FLAGS = ("ExcludeLowercase", "ExcludeUppercase", "ExcludeNumbers", "ExcludePunctuation", "IncludeSpace")
GENERATOR = {
    *GENERATOR_FLAGS, "ExcludeCharacters", "PasswordLength", "RequireEachIncludedType", "SecretStringTemplate",
    "GenerateStringKey",
}  # fmt: skip

NAMED = {"Key": "Name", "Option": "Equals", "Values": ["{id}"]}


class Parameter(ApiResource):
    """AWS::SSM::Parameter; its tags go by a call of their own, since overwriting refuses tags."""

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Overwrite the value."""
        if fixed := sorted({"Name", "Tags"} & set(changed(old, new))):
            raise self.needs_replacement(fixed)
        site.client("ssm").put_parameter(**{**new, "Overwrite": True})
        return Made(made.id, {"Type": new["Type"], "Value": new["Value"]})


def _with_tag_list(properties: dict[str, Any]) -> dict[str, Any]:
    tags = properties.get("Tags")
    if not isinstance(tags, dict):
        return properties
    return {**properties, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


class Secret(ResourceType):
    """AWS::SecretsManager::Secret with a given or a generated value."""

    type = "AWS::SecretsManager::Secret"
    name_property = "Name"
    longest_name = 128
    holds_data = True
    properties = frozenset({"Name", "Description", "KmsKeyId", "SecretString", "GenerateSecretString", "Tags"})

    def check(self, properties: dict[str, Any]) -> None:
        """Refuse unknown properties, those of the generator too."""
        super().check(properties)
        generator = properties.get("GenerateSecretString")
        if isinstance(generator, dict) and (unknown := sorted(set(generator) - GENERATOR)):
            raise Refused(f"property GenerateSecretString.{unknown[0]} is not supported")

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the secret; a generated value is never changed by an update."""
        given = {name: value for name, value in properties.items() if name != "GenerateSecretString"}
        if "GenerateSecretString" in properties:
            given["SecretString"] = _generated(site.client("secretsmanager"), properties["GenerateSecretString"])
        arn = site.client("secretsmanager").create_secret(**given)["ARN"]
        return Made(arn, {"Id": arn})

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change description, key and a given value."""
        names = changed(old, new)
        if fixed := sorted({"Name", "Tags", "GenerateSecretString"} & set(names)):
            raise self.needs_replacement(fixed)
        given = {name: new[name] for name in names if name in new}
        site.client("secretsmanager").update_secret(SecretId=made.id, **given)
        return made

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the description of the secret back."""
        hidden = ("SecretString", "GenerateSecretString")
        wanted = {name: value for name, value in properties.items() if name not in hidden}
        refuse_lost(wanted, site.client("secretsmanager").describe_secret(SecretId=made.id))

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the secret at once, so that its name is free again."""
        secrets = site.client("secretsmanager")
        with_absence_ignored(lambda: secrets.delete_secret(SecretId=made.id, ForceDeleteWithoutRecovery=True))


def _generated(secrets: Any, wanted: dict[str, Any]) -> str:
    options = {name: wanted[name] for name in (*GENERATOR_FLAGS, "ExcludeCharacters") if name in wanted}
    length = int(wanted.get("PasswordLength", 32))
    password = secrets.get_random_password(PasswordLength=length, **options)["RandomPassword"]
    if "SecretStringTemplate" not in wanted:
        return password
    filled = {**json.loads(text(wanted["SecretStringTemplate"])), wanted["GenerateStringKey"]: password}
    return json.dumps(filled)


TYPES = [
    Parameter(
        type="AWS::SSM::Parameter",
        service="ssm",
        create_call="put_parameter",
        id="{Name}",
        name_property="Name",
        attributes={"Type": "{Type}", "Value": "{Value}"},
        adapt=_with_tag_list,
        deletion=("delete_parameter", {"Name": "{id}"}),
        change=Update("put_parameter"),
        read=Read("describe_parameters", {"ParameterFilters": [NAMED]}, "Parameters.0"),
        unread=frozenset({"Value", "Tags"}),
    ),
    Secret(),
]
