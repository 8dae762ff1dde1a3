"""Athena DeleteNamedQuery and UpdateNamedQuery.

moto can create and read named queries only.
"""

from typing import Any

from moto.athena.models import athena_backends

from local.front import ACCOUNT, REGION, AwsError, Front

SETTINGS = {"Name": "name", "Description": "description", "QueryString": "query_string"}


def install(front: Front) -> None:
    """Answer the two operations out of moto's own queries."""
    front.json_target("AmazonAthena.DeleteNamedQuery", delete)
    front.json_target("AmazonAthena.UpdateNamedQuery", update)


def delete(body: dict[str, Any]) -> dict[str, Any]:
    """Forget a query."""
    queries = athena_backends[ACCOUNT][REGION].named_queries
    del queries[_known(queries, body["NamedQueryId"])]
    return {}


def update(body: dict[str, Any]) -> dict[str, Any]:
    """Change name, description and text."""
    queries = athena_backends[ACCOUNT][REGION].named_queries
    query = queries[_known(queries, body["NamedQueryId"])]
    for name, attribute in SETTINGS.items():
        if name in body:
            setattr(query, attribute, body[name])
    return {}


def _known(queries: dict[str, Any], identity: str) -> str:
    if identity not in queries:
        raise AwsError("InvalidRequestException", f"NamedQuery {identity} was not found")
    return identity
