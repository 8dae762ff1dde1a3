"""Lambda functions, their permissions, event sources and retries of asynchronous invocations."""

from typing import Any

from local.cloudformation.refusal import Refused
from local.cloudformation.resource import (
    ApiResource,
    Made,
    Read,
    Site,
    Update,
    changed,
    refuse_lost,
    with_absence_ignored,
)
from local.cloudformation.shapes import to_api

CODE = ("Code", "PackageType", "Architectures")
APART = ("ReservedConcurrentExecutions",)


class Function(ApiResource):
    """AWS::Lambda::Function; reserved concurrency goes by a call of its own."""

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the function."""
        return super().create(site, _without(properties, APART))

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Reserve concurrency."""
        if "ReservedConcurrentExecutions" in properties:
            site.client("lambda").put_function_concurrency(
                FunctionName=made.id,
                ReservedConcurrentExecutions=int(properties["ReservedConcurrentExecutions"]),
            )

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change code, configuration and reserved concurrency."""
        names, client = changed(old, new), site.client("lambda")
        if fixed := sorted({"FunctionName", "PackageType", "Tags"} & set(names)):
            raise self.needs_replacement(fixed)
        if {"Code", "Architectures"} & set(names):
            architectures = {"Architectures": new["Architectures"]} if "Architectures" in new else {}
            client.update_function_code(FunctionName=made.id, **new["Code"], **architectures)
        configuration = _without(new, (*CODE, *APART, "Tags", "FunctionName"))
        dropped = {name: EMPTY[name] for name in names if name not in new and name in EMPTY}
        self._call(site, "update_function_configuration", {**dropped, **configuration, "FunctionName": made.id})
        if "ReservedConcurrentExecutions" in old and "ReservedConcurrentExecutions" not in new:
            client.delete_function_concurrency(FunctionName=made.id)
        self.settle(site, made, new)
        return made

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read configuration and code location back."""
        answer = site.client("lambda").get_function(FunctionName=made.id)
        wanted = to_api(self._shape(site, self.create_call), _without(properties, (*APART, "Tags")), "")
        code, image = wanted.pop("Code"), wanted.pop("ImageConfig", {})
        found = answer["Configuration"]
        refuse_lost(wanted, found)
        refuse_lost(image, found.get("ImageConfigResponse", {}).get("ImageConfig", {}))
        refuse_lost({key: value for key, value in code.items() if key == "ImageUri"}, answer["Code"])


EMPTY: dict[str, Any] = {
    "Description": "",
    "Environment": {"Variables": {}},
    "TracingConfig": {"Mode": "PassThrough"},
    "DeadLetterConfig": {"TargetArn": ""},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    "Layers": [],
}


def _without(properties: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in names}


class Permission(ApiResource):
    """AWS::Lambda::Permission: a statement whose id is the resource's."""

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Add the statement."""
        statement = site.generated_name(100)
        self._call(site, "add_permission", {**properties, "StatementId": statement})
        return Made(statement, {"Id": statement})

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Take the statement away and add the new one."""
        self.delete(site, made, old)
        return self.create(site, new)

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Take the statement away."""
        arguments = {"FunctionName": properties["FunctionName"], "StatementId": made.id}
        with_absence_ignored(lambda: site.client("lambda").remove_permission(**arguments))


class EventSourceMapping(ApiResource):
    """AWS::Lambda::EventSourceMapping; the settings are read from the API by whoever polls."""

    def check(self, properties: dict[str, Any]) -> None:
        """Only sources that something polls."""
        if "EventSourceArn" not in properties:
            raise Refused("only Kinesis and SQS event sources are supported: EventSourceArn is missing")


TYPES = [
    Function(
        type="AWS::Lambda::Function",
        service="lambda",
        create_call="create_function",
        id="{FunctionName}",
        name_property="FunctionName",
        attributes={"Arn": "{answer[FunctionArn]}"},
        deletion=("delete_function", {"FunctionName": "{id}"}),
    ),
    Permission(type="AWS::Lambda::Permission", service="lambda", create_call="add_permission", id=""),
    ApiResource(
        type="AWS::Lambda::EventInvokeConfig",
        service="lambda",
        create_call="put_function_event_invoke_config",
        id="{FunctionName}|{Qualifier}",
        deletion=("delete_function_event_invoke_config", {"FunctionName": "{FunctionName}"}),
        change=Update("put_function_event_invoke_config"),
        read=Read("get_function_event_invoke_config", {"FunctionName": "{FunctionName}"}),
        unread=frozenset({"FunctionName", "Qualifier"}),
    ),
    EventSourceMapping(
        type="AWS::Lambda::EventSourceMapping",
        service="lambda",
        create_call="create_event_source_mapping",
        id="{answer[UUID]}",
        attributes={"Id": "{id}", "EventSourceMappingArn": "{answer[EventSourceMappingArn]}"},
        deletion=("delete_event_source_mapping", {"UUID": "{id}"}),
        change=Update("update_event_source_mapping", {"UUID": "{id}"}, keeps_omitted=True),
        read=Read("get_event_source_mapping", {"UUID": "{id}"}),
        unread=frozenset({"FunctionName", "Enabled"}),
    ),
]
