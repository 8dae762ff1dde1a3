"""From CloudFormation properties to the input of an API call, by the shapes that botocore knows."""

import json
from typing import Any

from botocore.model import Shape

from local.cloudformation.refusal import Refused


def to_api(shape: Shape, value: Any, path: str) -> Any:
    """`value` as the API wants it; a member or value that the API does not have is refused, with its path."""
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        return _structure(shape, value, path)
    if shape.type_name == "list":
        return [to_api(shape.member, item, f"{path}[{at}]") for at, item in enumerate(_as_list(value))]
    if shape.type_name == "map":
        return _map(shape, value, path)
    return _scalar(shape, value, path)


def _structure(shape: Shape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(f"property {path} must be an object, not {value!r}")
    return {
        name: to_api(shape.members[name], item, f"{path}.{key}".lstrip("."))
        for key, item in value.items()
        for name in [member(shape, key, path)]
    }


def member(shape: Shape, key: str, path: str = "") -> str:
    """The API's spelling of a property, found without regard to case."""
    spelling = {name.lower(): name for name in shape.members}
    if key.lower() not in spelling:
        raise Refused(f"property {f'{path}.{key}'.lstrip('.')} is not supported; supported: {sorted(shape.members)}")
    return spelling[key.lower()]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _map(shape: Shape, value: Any, path: str) -> dict[str, Any]:
    if isinstance(value, list) and all(isinstance(item, dict) and set(item) == {"Key", "Value"} for item in value):
        value = {item["Key"]: item["Value"] for item in value}
    if not isinstance(value, dict):
        raise Refused(f"property {path} must be an object, not {value!r}")
    return {str(key): to_api(shape.value, item, f"{path}.{key}") for key, item in value.items()}


def _scalar(shape: Shape, value: Any, path: str) -> Any:
    try:
        converted = SCALARS.get(shape.type_name, lambda same: same)(value)
    except (TypeError, ValueError):
        raise Refused(f"property {path} must be a {shape.type_name}, not {value!r}") from None
    allowed = getattr(shape, "enum", None)
    if allowed and converted not in allowed:
        raise Refused(f"property {path} must be one of {sorted(allowed)}, not {value!r}")
    return converted


def text(value: Any) -> str:
    """A property's text: JSON for an object, lower case for a boolean."""
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def boolean(value: Any) -> bool:
    """A boolean that a template may also spell as text."""
    if str(value).lower() not in ("true", "false"):
        raise ValueError(value)
    return str(value).lower() == "true"


SCALARS = {
    "string": text,
    "boolean": boolean,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
}


def lost(wanted: Any, got: Any, path: str = "") -> list[str]:
    """The paths of what was `wanted` and is not among what was `got`."""
    if isinstance(wanted, dict):
        kept = got if isinstance(got, dict) else {}
        return [at for key, value in wanted.items() for at in lost(value, kept.get(key), f"{path}.{key}".lstrip("."))]
    if isinstance(wanted, list):
        return _lost_items(wanted, got if isinstance(got, list) else [], path)
    return [] if _same(wanted, got) else [path]


def _lost_items(wanted: list[Any], got: list[Any], path: str) -> list[str]:
    return [
        f"{path}[{at}]" for at, item in enumerate(wanted) if not any(not lost(item, candidate) for candidate in got)
    ]


def _same(wanted: Any, got: Any) -> bool:
    if wanted == got or text(wanted) == text(got):
        return True
    documents = _document(wanted), _document(got)
    return all(isinstance(one, dict | list) for one in documents) and not lost(*documents)


def _document(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
