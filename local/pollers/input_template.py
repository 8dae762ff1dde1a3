"""The input template of an EventBridge pipe. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

import json
import re
from typing import Any

from local.pollers.settings import UnsupportedSetting

VARIABLE = re.compile(r"<(\$[^<>]*|aws\.pipes\.[^<>]+)>")
STEP = re.compile(r"\.([\w\-/]+)|\[(\d+)\]")
MISSING = ""


def render(template: str, event: dict[str, Any], reserved: dict[str, str]) -> str:
    """The JSON text of one event: variables replaced, strings quoted where the template does not.

    A path that the event lacks becomes an empty string; text that is no JSON becomes a JSON string.
    """
    parts, end = [], 0
    for match in VARIABLE.finditer(template):
        parts.append(template[end : match.start()])
        value = _value(match[1], event, reserved)
        parts.append(_in_quotes(value) if _is_quoted(template[: match.start()]) else json.dumps(value))
        end = match.end()
    return _as_json("".join([*parts, template[end:]]))


def parsed_body(message: dict[str, Any]) -> dict[str, Any]:
    """The event as templates see it: a body that holds JSON is read implicitly."""
    try:
        return {**message, "body": json.loads(message["body"])}
    except ValueError:
        return message


def check_template(owner: str, template: str) -> None:
    """Refuse a template whose paths the local AWS cannot follow."""
    for path in (match[1] for match in VARIABLE.finditer(template)):
        if path.startswith("$") and _steps(path) is None:
            raise UnsupportedSetting(f"{owner}: InputTemplate path {path!r}; supported: $.name.name[0]")


def _value(path: str, event: dict[str, Any], reserved: dict[str, str]) -> Any:
    if path == "aws.pipes.event.json":
        return event
    return _follow(path, event) if path.startswith("$") else reserved[path]


def _follow(path: str, value: Any) -> Any:
    for name, index in _steps(path) or []:
        if index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        elif name and isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return MISSING
    return value


def _steps(path: str) -> list[tuple[str, str]] | None:
    steps = [(match[1], match[2]) for match in STEP.finditer(path)]
    return steps if "$" + STEP.sub("", path[1:]) == "$" else None


def _is_quoted(before: str) -> bool:
    return len(re.findall(r'(?<!\\)"', before)) % 2 == 1


def _in_quotes(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]


def _as_json(text: str) -> str:
    try:
        return json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError:
        return json.dumps(text)
