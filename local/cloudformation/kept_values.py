"""Values that a template takes from the parameter store or the secrets manager."""

import json
import re
from typing import Any

from local.cloudformation.refusal import invalid
from local.front import Front

SECRET = re.compile(r"(?P<id>.+?):SecretString(?::(?P<key>[^:]*))?(?::.*)?")


def kept_value(front: Front, service: str, reference: str) -> str:
    """The value behind a parameter name or a `{{resolve:...}}` reference."""
    client = front.client(service)
    return _parameter(client, reference) if service == "ssm" else _secret(client, reference)


def _parameter(client: Any, name: str) -> str:
    try:
        return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except client.exceptions.ParameterNotFound:
        raise invalid(f"Unable to fetch parameters [{name}] from parameter store for this account.") from None


def _secret(client: Any, reference: str) -> str:
    match = SECRET.fullmatch(reference)
    if match is None:
        raise invalid(f"cannot resolve the secret reference {reference}")
    value = client.get_secret_value(SecretId=match["id"])["SecretString"]
    return json.loads(value)[match["key"]] if match["key"] else value
