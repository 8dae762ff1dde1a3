"""Intrinsic functions, pseudo parameters and conditions of a template."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.cloudformation.refusal import Refused, invalid
from local.cloudformation.template import VARIABLE

NO_VALUE = object()
DYNAMIC = re.compile(r"\{\{resolve:(ssm|secretsmanager):([^}]+)\}\}")


@dataclass
class Scope:
    """Everything that a template can refer to while a stack is made."""

    template: dict[str, Any]
    names: dict[str, Any]
    exports: dict[str, str]
    secret: Callable[[str, str], str]
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)

    def holds(self, condition: str) -> bool:
        """Whether a named condition of the template is true."""
        conditions = self.template.get("Conditions") or {}
        if condition not in conditions:
            raise invalid(f"Template format error: Unresolved condition {condition}")
        return self._truth(conditions[condition])

    def resolve(self, node: Any) -> Any:
        """`node` with every intrinsic function replaced by its value."""
        if isinstance(node, list):
            return [value for value in map(self.resolve, node) if value is not NO_VALUE]
        if isinstance(node, str):
            return DYNAMIC.sub(lambda match: self.secret(match.group(1), match.group(2)), node)
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and (function := FUNCTIONS.get(next(iter(node)))):
            return function(self, next(iter(node.values())))
        _refuse_unknown_function(node)
        resolved = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not NO_VALUE}

    def _truth(self, node: Any) -> bool:
        (operator, argument), *_ = node.items()
        if operator == "Condition":
            return self.holds(argument)
        if operator == "Fn::Equals":
            left, right = (_plain(self.resolve(value)) for value in argument)
            return left == right
        truths = [self._truth(value) for value in argument]
        return {"Fn::Not": lambda: not truths[0], "Fn::And": lambda: all(truths), "Fn::Or": lambda: any(truths)}[
            operator
        ]()

    def ref(self, name: str) -> Any:
        """The value of a parameter, pseudo parameter or resource."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name not in self.names:
            raise Refused(f"Ref {name}: no such parameter, or its resource's condition is false")
        return self.names[name]

    def get_att(self, target: str | list) -> Any:
        """The value of a resource's attribute."""
        owner, attribute = target.split(".", 1) if isinstance(target, str) else map(self.resolve, target)
        attributes = self.attributes.get(owner, {})
        if attribute not in attributes:
            raise Refused(f"Fn::GetAtt {owner}.{attribute}: no such attribute; known: {sorted(attributes)}")
        return attributes[attribute]

    def sub(self, argument: str | list) -> str:
        """Text with `${Name}` and `${Resource.Attribute}` filled in."""
        text, given = (argument, {}) if isinstance(argument, str) else argument
        given = self.resolve(given)

        def value(match: re.Match) -> str:
            name = match.group(1)
            if name in given:
                return _plain(given[name])
            return _plain(self.get_att(name) if "." in name else self.ref(name))

        return self.resolve(VARIABLE.sub(value, text).replace("${!", "${"))

    def choose(self, argument: list) -> Any:
        """The branch of Fn::If that holds."""
        condition, when_true, when_false = argument
        return self.resolve(when_true if self.holds(condition) else when_false)

    def find_in_map(self, argument: list) -> Any:
        """A value of the Mappings section."""
        value: Any = self.template.get("Mappings") or {}
        for key in map(self.resolve, argument):
            if key not in value:
                raise Refused(f"Fn::FindInMap {argument}: no key {key}")
            value = value[key]
        return value

    def import_value(self, argument: Any) -> str:
        """The value that another stack exports."""
        name = self.resolve(argument)
        if name not in self.exports:
            raise Refused(f"No export named {name} found.")
        self.imported.add(name)
        return self.exports[name]

    def join(self, argument: list) -> str:
        """Parts joined by a delimiter."""
        return argument[0].join(_plain(part) for part in self.resolve(argument[1]))

    def select(self, argument: list) -> Any:
        """One item of a list."""
        return self.resolve(argument[1])[int(self.resolve(argument[0]))]

    def zones(self, argument: Any) -> list[str]:
        """The availability zones of a region."""
        region = self.resolve(argument) or self.names["AWS::Region"]
        return [f"{region}{letter}" for letter in "abc"]


FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Ref": Scope.ref,
    "Fn::GetAtt": Scope.get_att,
    "Fn::Sub": Scope.sub,
    "Fn::If": Scope.choose,
    "Fn::FindInMap": Scope.find_in_map,
    "Fn::ImportValue": Scope.import_value,
    "Fn::Join": Scope.join,
    "Fn::Select": Scope.select,
    "Fn::GetAZs": Scope.zones,
    "Fn::Split": lambda scope, argument: scope.resolve(argument[1]).split(argument[0]),
    "Fn::Base64": lambda scope, argument: base64.b64encode(scope.resolve(argument).encode()).decode(),
    "Fn::ToJsonString": lambda scope, argument: json.dumps(scope.resolve(argument)),
}


def _refuse_unknown_function(node: dict[str, Any]) -> None:
    if unknown := [key for key in node if isinstance(key, str) and key.startswith("Fn::")]:
        raise Refused(f"the local AWS does not know {unknown[0]}")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_plain, value)) if isinstance(value, list) else str(value)
