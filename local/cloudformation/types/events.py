"""EventBridge rules and buses, pipes, schedules, state machines."""

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


class Rule(ApiResource):
    """AWS::Events::Rule: the rule by one call, its targets by another."""

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the rule."""
        return super().create(site, _rule(properties))

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Put the targets."""
        if properties.get("Targets"):
            self._call(
                site, "put_targets", {"Rule": properties["Name"], "Targets": properties["Targets"], **_bus(properties)}
            )

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Put rule and targets again; targets that are gone are removed."""
        if fixed := sorted({"Name", "EventBusName", "Tags"} & set(changed(old, new))):
            raise self.needs_replacement(fixed)
        gone = sorted(_target_ids(old) - _target_ids(new))
        if gone:
            site.client("events").remove_targets(Rule=new["Name"], Ids=gone, **_bus(new))
        self._call(site, "put_rule", _rule(new))
        self.settle(site, made, new)
        return made

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read rule and targets back."""
        events, bus = site.client("events"), _bus(properties)
        found = events.describe_rule(Name=properties["Name"], **bus)
        wanted = {name: text(value) for name, value in _rule(properties).items() if name != "Tags"}
        refuse_lost(wanted, found)
        targets = events.list_targets_by_rule(Rule=properties["Name"], **bus)["Targets"]
        refuse_lost({"Targets": properties.get("Targets", [])}, {"Targets": targets})

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove targets and rule."""
        events, name, bus = site.client("events"), properties["Name"], _bus(properties)
        if ids := sorted(_target_ids(properties)):
            with_absence_ignored(lambda: events.remove_targets(Rule=name, Ids=ids, **bus))
        with_absence_ignored(lambda: events.delete_rule(Name=name, **bus))


def _rule(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "Targets"}


def _bus(properties: dict[str, Any]) -> dict[str, str]:
    return {"EventBusName": properties["EventBusName"]} if "EventBusName" in properties else {}


def _target_ids(properties: dict[str, Any]) -> set[str]:
    return {target["Id"] for target in properties.get("Targets", [])}


class Schedule(ApiResource):
    """AWS::Scheduler::Schedule; an update takes every property again."""

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change the schedule."""
        if fixed := sorted({"Name", "GroupName"} & set(changed(old, new))):
            raise self.needs_replacement(fixed)
        self._call(site, "update_schedule", new)
        return made


class StateMachine(ResourceType):
    """AWS::StepFunctions::StateMachine: a definition given in the template, as text or in S3."""

    type = "AWS::StepFunctions::StateMachine"
    name_property = "StateMachineName"
    longest_name = 80
    properties = frozenset(
        {"StateMachineName", "StateMachineType", "RoleArn", "Definition", "DefinitionString", "DefinitionS3Location",
         "DefinitionSubstitutions", "LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration", "Tags"}
    )  # fmt: skip

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the state machine."""
        name = properties["StateMachineName"]
        answer = site.client("stepfunctions").create_state_machine(
            name=name,
            type=properties.get("StateMachineType", "STANDARD"),
            tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in properties.get("Tags", [])],
            **_machine(site, properties),
        )
        return Made(answer["stateMachineArn"], {"Arn": answer["stateMachineArn"], "Name": name})

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change definition, role, logging and tracing."""
        if fixed := sorted({"StateMachineName", "StateMachineType", "Tags"} & set(changed(old, new))):
            raise self.needs_replacement(fixed)
        site.client("stepfunctions").update_state_machine(stateMachineArn=made.id, **_machine(site, new))
        return made

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the state machine back."""
        found = site.client("stepfunctions").describe_state_machine(stateMachineArn=made.id)
        refuse_lost(_machine(site, properties), found)

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the state machine."""
        with_absence_ignored(lambda: site.client("stepfunctions").delete_state_machine(stateMachineArn=made.id))


OPTIONAL = ("LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration")


def _machine(site: Site, properties: dict[str, Any]) -> dict[str, Any]:
    optional = {_camel(name): _camel_keys(properties[name]) for name in OPTIONAL if name in properties}
    return {"definition": _definition(site, properties), "roleArn": properties["RoleArn"], **optional}


def _definition(site: Site, properties: dict[str, Any]) -> str:
    definition = _given_definition(site, properties)
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace(f"${{{name}}}", text(value))
    return definition


def _given_definition(site: Site, properties: dict[str, Any]) -> str:
    if location := properties.get("DefinitionS3Location"):
        version = {"VersionId": location["Version"]} if "Version" in location else {}
        answer = site.client("s3").get_object(Bucket=location["Bucket"], Key=location["Key"], **version)
        return answer["Body"].read().decode()
    if "DefinitionString" in properties:
        return properties["DefinitionString"]
    if "Definition" not in properties:
        raise Refused("one of Definition, DefinitionString, DefinitionS3Location must be given")
    return json.dumps(properties["Definition"])


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _camel_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_camel(key): _camel_keys(item) for key, item in value.items()}
    return [_camel_keys(item) for item in value] if isinstance(value, list) else value


TYPES = [
    Rule(
        type="AWS::Events::Rule",
        service="events",
        create_call="put_rule",
        id="{Name}",
        name_property="Name",
        attributes={"Arn": "{answer[RuleArn]}"},
    ),
    ApiResource(
        type="AWS::Events::EventBus",
        service="events",
        create_call="create_event_bus",
        id="{Name}",
        attributes={"Arn": "{answer[EventBusArn]}", "Name": "{Name}"},
        deletion=("delete_event_bus", {"Name": "{id}"}),
    ),
    ApiResource(
        type="AWS::Pipes::Pipe",
        service="pipes",
        create_call="create_pipe",
        id="{Name}",
        name_property="Name",
        attributes={"Arn": "{answer[Arn]}"},
        deletion=("delete_pipe", {"Name": "{id}"}),
        change=Update("update_pipe", {"Name": "{id}"}, keeps_omitted=True),
        read=Read("describe_pipe", {"Name": "{id}"}),
    ),
    Schedule(
        type="AWS::Scheduler::Schedule",
        service="scheduler",
        create_call="create_schedule",
        id="{Name}",
        name_property="Name",
        attributes={"Arn": "{answer[ScheduleArn]}"},
        deletion=("delete_schedule", {"Name": "{id}"}),
        read=Read("get_schedule", {"Name": "{id}"}),
    ),
    ApiResource(
        type="AWS::Scheduler::ScheduleGroup",
        service="scheduler",
        create_call="create_schedule_group",
        id="{Name}",
        name_property="Name",
        attributes={"Arn": "{answer[ScheduleGroupArn]}"},
        deletion=("delete_schedule_group", {"Name": "{id}"}),
    ),
    StateMachine(),
]
