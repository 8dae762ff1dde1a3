"""One operation on a stack: create, update, roll back, delete."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.cloudformation.intrinsics import NO_VALUE, Scope
from local.cloudformation.refusal import Refused
from local.cloudformation.resource import Made, ResourceType, Site
from local.cloudformation.stack import Deployed, Stack
from local.cloudformation.template import creation_order
from local.front import AwsError, Front

FAILURES = (Refused, AwsError, ClientError, BotoCoreError, KeyError, TypeError, ValueError, AttributeError)


class Work:
    """One operation on a stack, with what it made so far and how to undo it."""

    def __init__(self, stack: Stack, front: Front, types: dict[str, ResourceType]):
        self.stack, self._front, self._types = stack, front, types
        self._undo: list[Callable[[], bool]] = []

    def create(self, template: dict[str, Any], scope: Scope) -> bool:
        """Make every resource; on a failure remove what was made. True when the stack stands."""
        return self._attempt(template, scope, "CREATE", "ROLLBACK")

    def update(self, template: dict[str, Any], scope: Scope) -> bool:
        """Add and change resources, then remove those the template no longer has; roll back on a failure."""
        return self._attempt(template, scope, "UPDATE", "UPDATE_ROLLBACK")

    def delete(self) -> None:
        """Remove the resources, last made first; a resource that cannot go leaves DELETE_FAILED."""
        self.stack.note("DELETE_IN_PROGRESS", "User Initiated")
        failed = [name for name in reversed(list(self.stack.resources)) if not self._remove(name)]
        if failed:
            self.stack.note("DELETE_FAILED", f"The following resource(s) failed to delete: {failed}.")
        else:
            self.stack.deleted_at = datetime.now(UTC)
            self.stack.note("DELETE_COMPLETE")

    def _attempt(self, template: dict[str, Any], scope: Scope, action: str, rollback: str) -> bool:
        self.stack.note(f"{action}_IN_PROGRESS", "User Initiated")
        failure = self._preflight(template, scope) or self._make_all(template, scope, action)
        if failure:
            self._roll_back(action, rollback, failure)
            return False
        self._remove_dropped(wanted(template, scope))
        self.stack.note(f"{action}_COMPLETE")
        return True

    def _preflight(self, template: dict[str, Any], scope: Scope) -> str:
        """Every type and property that is not supported, found before anything is made."""
        failed = []
        for name in wanted(template, scope):
            resource = template["Resources"][name]
            try:
                self._type(resource["Type"]).check(resource.get("Properties") or {})
            except Refused as refusal:
                failed.append(name)
                self._failed(name, resource, self._step(name), refusal)
        return f"The following resource(s) failed to create: {failed}." if failed else ""

    def _make_all(self, template: dict[str, Any], scope: Scope, action: str) -> str:
        for name in wanted(template, scope):
            resource = template["Resources"][name]
            step = self._step(name)
            try:
                self._make(name, resource, scope)
            except FAILURES as error:
                self._failed(name, resource, step, error)
                return f"The following resource(s) failed to {step.lower()}: [{name}]."
        return self._make_outputs(template, scope)

    def _step(self, name: str) -> str:
        return "UPDATE" if name in self.stack.resources else "CREATE"

    def _make_outputs(self, template: dict[str, Any], scope: Scope) -> str:
        try:
            self.stack.outputs = list(outputs(template, scope))
        except FAILURES as error:
            return f"Outputs: {_message(error)}"
        return ""

    def _make(self, name: str, resource: dict[str, Any], scope: Scope) -> None:
        kind, existing = self._type(resource["Type"]), self.stack.resources.get(name)
        properties = scope.resolve(resource.get("Properties") or {})
        policy = resource.get("DeletionPolicy", "Delete")
        if existing is None:
            self._create(name, kind, properties, policy)
        else:
            self._change(name, kind, existing, properties, policy)
        made = self.stack.resources[name].made
        scope.names[name], scope.attributes[name] = made.id, made.attributes

    def _create(self, name: str, kind: ResourceType, properties: dict[str, Any], policy: str) -> None:
        kind.check(properties)
        properties = kind.named(self._site(name), properties)
        self.stack.record(name, "", kind.type, "CREATE_IN_PROGRESS")
        made = kind.create(self._site(name), properties)
        self.stack.resources[name] = Deployed(kind.type, made, properties, policy)
        self._undo.append(lambda: self._take_back(name))
        kind.settle(self._site(name), made, properties)
        kind.verify(self._site(name), made, properties)
        self.stack.record(name, made.id, kind.type, "CREATE_COMPLETE")

    def _change(
        self, name: str, kind: ResourceType, existing: Deployed, properties: dict[str, Any], policy: str
    ) -> None:
        kind.check(properties)
        generated = existing.properties.get(kind.name_property)
        properties = {kind.name_property: generated, **properties} if kind.name_property else properties
        if existing.type != kind.type:
            raise Refused(f"its type cannot change from {existing.type}; give the resource another logical id")
        if properties == existing.properties:
            existing.deletion_policy = policy
            return
        self.stack.record(name, existing.made.id, kind.type, "UPDATE_IN_PROGRESS")
        made = kind.update(self._site(name), existing.made, existing.properties, properties)
        self._undo.append(lambda: self._restore(name, kind, existing, made, properties))
        self.stack.resources[name] = Deployed(kind.type, made, properties, policy, "UPDATE_COMPLETE")
        kind.verify(self._site(name), made, properties)
        self.stack.record(name, made.id, kind.type, "UPDATE_COMPLETE")

    def _restore(self, name: str, kind: ResourceType, before: Deployed, made: Made, tried: dict[str, Any]) -> bool:
        self.stack.record(name, made.id, kind.type, "UPDATE_IN_PROGRESS")
        before.made = kind.update(self._site(name), made, tried, before.properties)
        self.stack.resources[name] = before
        self.stack.record(name, before.made.id, kind.type, "UPDATE_COMPLETE")
        return True

    def _failed(self, name: str, resource: dict[str, Any], step: str, error: Exception) -> None:
        known = self.stack.resources.get(name)
        reason = _told(name, resource, error)
        self.stack.record(name, known.made.id if known else "", resource["Type"], f"{step}_FAILED", reason)

    def _roll_back(self, action: str, rollback: str, failure: str) -> None:
        if self.stack.disable_rollback:
            self.stack.note(f"{action}_FAILED", failure)
            return
        self.stack.note(f"{rollback}_IN_PROGRESS", failure)
        failures = [reason for undo in reversed(self._undo) if (reason := self._undone(undo))]
        self.stack.note(f"{rollback}_FAILED" if failures else f"{rollback}_COMPLETE", " ".join(failures))

    def _undone(self, undo: Callable[[], bool]) -> str:
        try:
            return "" if undo() else "A resource could not be removed."
        except FAILURES as error:
            return _message(error)

    def _take_back(self, name: str) -> bool:
        """Remove a resource of a failed operation; what is to be retained stays unless it was just created."""
        deployed = self.stack.resources[name]
        if deployed.deletion_policy == "RetainExceptOnCreate" or self.stack.retain_except_on_create:
            deployed.deletion_policy = "Delete"
        return self._remove(name)

    def _remove_dropped(self, kept: list[str]) -> None:
        for name in reversed([name for name in self.stack.resources if name not in kept]):
            deployed = self.stack.resources[name]
            if self._type(deployed.type).holds_data and deployed.deletion_policy != "Retain":
                self._skip(name, "It holds data: the local AWS does not delete it by an update.")
            else:
                self._remove(name)

    def _remove(self, name: str) -> bool:
        deployed = self.stack.resources[name]
        if deployed.deletion_policy.startswith("Retain"):
            return self._skip(name, "")
        self.stack.record(name, deployed.made.id, deployed.type, "DELETE_IN_PROGRESS")
        try:
            self._type(deployed.type).delete(self._site(name), deployed.made, deployed.properties)
        except FAILURES as error:
            reason = _message(error)
            self.stack.record(name, deployed.made.id, deployed.type, "DELETE_FAILED", reason)
            return False
        del self.stack.resources[name]
        self.stack.record(name, deployed.made.id, deployed.type, "DELETE_COMPLETE")
        return True

    def _skip(self, name: str, reason: str) -> bool:
        deployed = self.stack.resources.pop(name)
        self.stack.record(name, deployed.made.id, deployed.type, "DELETE_SKIPPED", reason)
        return True

    def _type(self, name: str) -> ResourceType:
        if name not in self._types:
            raise Refused(f"the local AWS has no resource type {name}")
        return self._types[name]

    def _site(self, logical_id: str) -> Site:
        return Site(self._front, self.stack.name, self.stack.id, logical_id)


def wanted(template: dict[str, Any], scope: Scope) -> list[str]:
    """The resources whose condition holds, in the order in which they are made."""
    resources = template["Resources"]
    return [
        name
        for name in creation_order(template)
        if "Condition" not in resources[name] or scope.holds(resources[name]["Condition"])
    ]


def outputs(template: dict[str, Any], scope: Scope) -> Any:
    """The outputs whose condition holds, as the API tells them."""
    for key, output in (template.get("Outputs") or {}).items():
        if "Condition" in output and not scope.holds(output["Condition"]):
            continue
        value = scope.resolve(output["Value"])
        if value is NO_VALUE:
            raise Refused(f"output {key} has no value")
        entry = {"OutputKey": key, "OutputValue": str(value), "Description": output.get("Description", "")}
        exported = {"ExportName": scope.resolve(output["Export"]["Name"])} if "Export" in output else {}
        yield {**entry, **exported}


def _told(name: str, resource: dict[str, Any], error: Exception) -> str:
    return f"{name} ({resource['Type']}): {_message(error)}"


def _message(error: Exception) -> str:
    known = isinstance(error, (Refused, AwsError, ClientError))
    return str(error) if known else f"{type(error).__name__}: {error}"
