"""Athena DeleteNamedQuery, UpdateNamedQuery and BatchGetNamedQuery, and GetNamedQuery of an unknown one.

moto can create, list and read named queries only, and answers nothing sensible for one that is not there.
"""

from typing import Any

from moto.athena.models import athena_backends

from local.front import ACCOUNT, REGION, AwsError, Front

SETTINGS = {"Name": "name", "Description": "description", "QueryString": "query_string"}


def install(front: Front) -> None:
    """Answer the operations out of moto's own queries."""
    front.json_target("AmazonAthena.GetNamedQuery", get)
    front.json_target("AmazonAthena.BatchGetNamedQuery", batch_get)
    front.json_target("AmazonAthena.DeleteNamedQuery", delete)
    front.json_target("AmazonAthena.UpdateNamedQuery", update)


def get(body: dict[str, Any]) -> dict[str, Any]:
    """One query."""
    queries = athena_backends[ACCOUNT][REGION].named_queries
    return {"NamedQuery": _described(queries[_known(queries, body["NamedQueryId"])])}


def batch_get(body: dict[str, Any]) -> dict[str, Any]:
    """Those that are there, and which are not."""
    queries = athena_backends[ACCOUNT][REGION].named_queries
    unknown = [identity for identity in body["NamedQueryIds"] if identity not in queries]
    code = {"ErrorCode": "INTERNAL_FAILURE", "ErrorMessage": "NamedQuery was not found"}
    return {
        "NamedQueries": [_described(queries[identity]) for identity in body["NamedQueryIds"] if identity in queries],
        "UnprocessedNamedQueryIds": [{"NamedQueryId": identity, **code} for identity in unknown],
    }


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


def _described(query: Any) -> dict[str, Any]:
    described = {name: getattr(query, attribute) for name, attribute in SETTINGS.items()}
    places = {"Database": query.database, "NamedQueryId": query.id, "WorkGroup": query.workgroup.name}
    return {**{name: value for name, value in described.items() if value is not None}, **places}


def _known(queries: dict[str, Any], identity: str) -> str:
    if identity not in queries:
        raise AwsError("InvalidRequestException", f"NamedQuery {identity} was not found")
    return identity
