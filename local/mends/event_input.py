"""What a rule's target receives of an event: Input, InputPath, InputTransformer, or all of it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from typing import Any

PLACEHOLDER = re.compile(r"<([^<>]+)>")
INGESTION_TIME = "aws.events.event.ingestion-time"
RESERVED = {"aws.events.event.json", "aws.events.event"}


def target_input(target: dict[str, Any], event: dict[str, Any]) -> str:
    """The text that the target receives."""
    if "Input" in target:
        return target["Input"]
    if "InputPath" in target:
        return json.dumps(at_path(event, target["InputPath"]))
    if transformer := target.get("InputTransformer"):
        return transformed(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), event)
    return json.dumps(event)


def transformed(template: str, paths: dict[str, str], event: dict[str, Any]) -> str:
    """A template with its placeholders filled in; a template of one JSON string is told as its text."""
    values: dict[str, Any] = {name: at_path(event, path) for name, path in paths.items()}
    values |= dict.fromkeys(RESERVED, event) | {INGESTION_TIME: event.get("time", "")}
    filled = PLACEHOLDER.sub(lambda match: _filled(match, values), template)
    try:
        told = json.loads(filled)
    except ValueError:
        return filled
    return told if isinstance(told, str) else json.dumps(told)


def at_path(event: Any, path: str) -> Any:
    """The value at a path such as `$.detail.object.key`; None where there is none."""
    for step in re.findall(r"[^.\[\]]+", path.removeprefix("$")):
        if isinstance(event, list) and step.isdigit():
            event = event[int(step)] if int(step) < len(event) else None
        else:
            event = event.get(step) if isinstance(event, dict) else None
    return event


def _filled(match: re.Match, values: dict[str, Any]) -> str:
    """A value as JSON where it stands alone, as bare text within a JSON string."""
    if match.group(1) not in values:
        return match.group(0)
    value = values[match.group(1)]
    is_quoted = match.string[: match.start()].replace('\\"', "").count('"') % 2 == 1
    if not is_quoted:
        return "" if value is None else json.dumps(value)
    return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1] if value is not None else ""
