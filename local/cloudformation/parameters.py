"""Template parameters: defaults, previous values, types, constraints, values kept in the parameter store."""

import re
from collections.abc import Callable
from typing import Any

from local.cloudformation.refusal import invalid

SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")


def given_values(entries: list[dict[str, Any]], template: dict[str, Any], previous: dict[str, str]) -> dict[str, str]:
    """Parameter texts of a request, `UsePreviousValue` filled in, defaults added."""
    declared = template.get("Parameters") or {}
    values = {name: _text(one["Default"]) for name, one in declared.items() if "Default" in one}
    for entry in entries:
        name = entry["ParameterKey"]
        if name not in declared:
            raise invalid(f"Parameters: [{name}] do not exist in the template")
        values[name] = _entered(entry, previous)
    if missing := sorted(set(declared) - set(values)):
        raise invalid(f"Parameters: {missing} must have values")
    return values


def _entered(entry: dict[str, Any], previous: dict[str, str]) -> str:
    name = entry["ParameterKey"]
    if not entry.get("UsePreviousValue"):
        return entry.get("ParameterValue", "")
    if name not in previous:
        raise invalid(f"Parameters: [{name}] has no previous value to use")
    return previous[name]


def resolved_values(values: dict[str, str], template: dict[str, Any], stored: Callable[[str], str]) -> dict[str, Any]:
    """What `Ref` gives for each parameter; `stored` reads the parameter store."""
    declared = template.get("Parameters") or {}
    return {name: _resolved(name, declared[name], text, stored) for name, text in values.items()}


def _resolved(name: str, declaration: dict[str, Any], text: str, stored: Callable[[str], str]) -> Any:
    kind = declaration.get("Type", "String")
    _check(name, declaration, kind, text)
    if match := SSM_VALUE.fullmatch(kind):
        kind, text = match.group(1), stored(text)
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [part.strip() for part in text.split(",")]
    return text


def _check(name: str, declaration: dict[str, Any], kind: str, text: str) -> None:
    allowed = [_text(value) for value in declaration.get("AllowedValues", [])]
    pattern = declaration.get("AllowedPattern")
    if allowed and text not in allowed:
        raise _refused(name, declaration, f"must be one of {allowed}, not {text!r}")
    if pattern and not re.fullmatch(pattern, text):
        raise _refused(name, declaration, f"must match pattern {pattern}, not {text!r}")
    if kind == "Number":
        _check_range(name, declaration, _number(name, declaration, text), "Value")
    elif kind == "String":
        _check_range(name, declaration, len(text), "Length")


def _number(name: str, declaration: dict[str, Any], text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _refused(name, declaration, f"must be a number, not {text!r}") from None


def _check_range(name: str, declaration: dict[str, Any], measure: float, what: str) -> None:
    low, high = declaration.get(f"Min{what}"), declaration.get(f"Max{what}")
    if (low is not None and measure < float(low)) or (high is not None and measure > float(high)):
        raise _refused(name, declaration, f"{what.lower()} {measure:g} is not between {low} and {high}")


def _refused(name: str, declaration: dict[str, Any], reason: str) -> Exception:
    return invalid(f"Parameter '{name}' {declaration.get('ConstraintDescription') or reason}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
