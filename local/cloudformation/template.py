"""Reading a template: YAML or JSON, short intrinsic tags, and the parts that are checked before anything is made."""

import re
from typing import Any

import yaml

from local.cloudformation.refusal import invalid

SECTIONS = {
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Resources",
    "Outputs",
}  # fmt: skip
ATTRIBUTES = {
    "Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata",
}  # fmt: skip
VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")


class TemplateLoader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: dates stay text, `!Sub` is `Fn::Sub`."""


TemplateLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_tag(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value = _node_value(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


def _node_value(loader: yaml.Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


TemplateLoader.add_multi_constructor("!", _short_tag)


def parse(body: str) -> dict[str, Any]:
    """The template as a dict, or the ValidationError that AWS would answer."""
    try:
        template = yaml.load(body, Loader=TemplateLoader)
    except yaml.YAMLError as error:
        raise invalid(f"Template format error: {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise invalid("Template format error: At least one Resources member must be defined.")
    _check_sections(template)
    _check_references(template)
    return template


def _check_sections(template: dict[str, Any]) -> None:
    if unknown := sorted(set(template) - SECTIONS):
        raise invalid(f"Template format error: the local AWS does not process the sections {unknown}")
    for logical_id, resource in template["Resources"].items():
        if "Type" not in resource:
            raise invalid(f"Template format error: [/Resources/{logical_id}] has no Type")
        if unknown := sorted(set(resource) - ATTRIBUTES):
            raise invalid(f"Template format error: resource {logical_id}: unsupported attributes {unknown}")


def _check_references(template: dict[str, Any]) -> None:
    known = set(template["Resources"]) | set(template.get("Parameters") or {})
    for part in ("Resources", "Outputs"):
        missing = sorted(references(template.get(part) or {}) - known)
        if missing := [name for name in missing if not name.startswith("AWS::")]:
            raise invalid(f"Template format error: Unresolved resource dependencies {missing} in the {part} block")


def references(node: Any) -> set[str]:
    """Every name that a part of a template refers to by Ref, Fn::GetAtt or Fn::Sub."""
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    if set(node) == {"Ref"}:
        return {node["Ref"]}
    if set(node) == {"Fn::GetAtt"}:
        return {_owner(node["Fn::GetAtt"])}
    if set(node) == {"Fn::Sub"}:
        return _substituted(node["Fn::Sub"])
    return set().union(*map(references, node.values()))


def _owner(target: str | list) -> str:
    return target.split(".", 1)[0] if isinstance(target, str) else target[0]


def _substituted(argument: str | list) -> set[str]:
    text, given = (argument, {}) if isinstance(argument, str) else argument
    names = {name.split(".", 1)[0] for name in VARIABLE.findall(text)}
    return (names - set(given)) | references(given)


def creation_order(template: dict[str, Any]) -> list[str]:
    """Logical ids, each after those it refers to or depends on; a circle is refused."""
    resources = template["Resources"]
    waiting = {name: _needs(resource) & set(resources) for name, resource in resources.items()}
    order: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= set(order)]
        if not ready:
            raise invalid(f"Circular dependency between resources: {sorted(waiting)}")
        order += ready
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}
    return order


def _needs(resource: dict[str, Any]) -> set[str]:
    depends_on = resource.get("DependsOn", [])
    return references(resource.get("Properties") or {}) | (
        {depends_on} if isinstance(depends_on, str) else set(depends_on)
    )
