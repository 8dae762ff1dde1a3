"""All stacks and change sets of the local AWS, and what the CloudFormation API does with them."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlparse

from local.cloudformation import parameters, template
from local.cloudformation.capabilities import check_capabilities
from local.cloudformation.intrinsics import Scope
from local.cloudformation.kept_values import kept_value
from local.cloudformation.refusal import Refused, invalid
from local.cloudformation.resource import ResourceType
from local.cloudformation.stack import Stack
from local.cloudformation.work import Work, wanted
from local.front import ACCOUNT, REGION, AwsError, Front

UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED"}


@dataclass
class ChangeSet:
    """Changes proposed for a stack."""

    id: str
    name: str
    kind: str
    stack: Stack
    body: str
    values: dict[str, str]
    capabilities: list[str]
    tags: list[dict[str, str]]
    changes: list[dict[str, Any]]
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str = ""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Stacks:
    """The stacks by id, newest last."""

    def __init__(self, front: Front, types: dict[str, ResourceType]):
        self._front, self._types = front, types
        self.by_id: dict[str, Stack] = {}
        self.change_sets: dict[str, ChangeSet] = {}

    def find(self, name: str) -> Stack:
        """A stack by id, or one that stands by name."""
        found = [one for one in self.by_id.values() if name == one.id or (name == one.name and one.deleted_at is None)]
        if not found:
            raise invalid(f"Stack with id {name} does not exist")
        return found[-1]

    def standing(self) -> list[Stack]:
        """The stacks that are not deleted."""
        return [one for one in self.by_id.values() if one.deleted_at is None]

    def new(self, name: str) -> Stack:
        """An empty stack of that name."""
        if any(one.name == name and one.status != "REVIEW_IN_PROGRESS" for one in self.standing()):
            raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = Stack(name, f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/{uuid.uuid4()}")
        self.by_id[stack.id] = stack
        return stack

    def body(self, request: dict[str, Any], previous: str = "") -> str:
        """The template of a request: given, kept in S3, or the previous one."""
        if request.get("UsePreviousTemplate"):
            return previous
        if url := request.get("TemplateURL"):
            return self._stored_template(url)
        if "TemplateBody" not in request:
            raise invalid("Either Template URL or Template Body must be specified.")
        return request["TemplateBody"]

    def create(self, request: dict[str, Any]) -> Stack:
        """CreateStack."""
        body = self.body(request)
        parsed = template.parse(body)
        values = parameters.given_values(request.get("Parameters", []), parsed, {})
        check_capabilities(parsed, request.get("Capabilities", []))
        wanted(parsed, self._scope(parsed, values, Stack(request["StackName"], "")))
        stack = self.new(request["StackName"])
        stack.disable_rollback = bool(request.get("DisableRollback")) or request.get("OnFailure") == "DO_NOTHING"
        stack.retain_except_on_create = bool(request.get("RetainExceptOnCreate"))
        self.deploy(stack, body, values, request)
        return stack

    def update(self, request: dict[str, Any]) -> Stack:
        """UpdateStack."""
        stack = self.find(request["StackName"])
        body = self.body(request, stack.body)
        parsed, values = self._proposed(stack, body, request)
        if not self.changes(stack, parsed, values):
            raise invalid("No updates are to be performed.")
        self.deploy(stack, body, values, request)
        return stack

    def deploy(self, stack: Stack, body: str, values: dict[str, str], request: dict[str, Any]) -> None:
        """Make the stack what a template says; the stack's status tells how it went."""
        parsed = template.parse(body)
        scope = self._scope(parsed, values, stack)
        work, is_new = Work(stack, self._front, self._types), not stack.resources and not stack.body
        if (work.create if is_new else work.update)(parsed, scope) or is_new:
            stack.body, stack.template, stack.values = body, parsed, values
            stack.description = parsed.get("Description", "")
            stack.tags = request.get("Tags", stack.tags)
            stack.capabilities = request.get("Capabilities", [])
            stack.imports = scope.imported
        stack.updated_at = None if is_new else datetime.now(UTC)

    def delete(self, name: str) -> None:
        """DeleteStack: one that is not there is deleted already; one whose exports are used stays."""
        stack = next((one for one in self.standing() if name in (one.name, one.id)), None)
        if stack is None:
            return
        for export in [output["ExportName"] for output in stack.outputs if "ExportName" in output]:
            if users := self.importers(export):
                raise invalid(f"Export {export} cannot be deleted as it is in use by {users}")
        Work(stack, self._front, self._types).delete()

    def propose(self, request: dict[str, Any]) -> ChangeSet:
        """CreateChangeSet."""
        kind = request.get("ChangeSetType", "UPDATE")
        body = self.body(request, "" if kind == "CREATE" else self.find(request["StackName"]).body)
        template.creation_order(template.parse(body))
        stack = self._reviewed(request["StackName"]) if kind == "CREATE" else self.find(request["StackName"])
        parsed, values = self._proposed(stack, body, request)
        name = request["ChangeSetName"]
        proposal = ChangeSet(
            f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/{name}/{uuid.uuid4()}", name, kind, stack, body,
            values, request.get("Capabilities", []), request.get("Tags", []), self.changes(stack, parsed, values),
        )  # fmt: skip
        if not proposal.changes:
            proposal.status, proposal.execution_status = "FAILED", "UNAVAILABLE"
            proposal.reason = (
                "The submitted information didn't contain changes. Submit different information to create a change set."
            )
        self.change_sets[proposal.id] = proposal
        return proposal

    def change_set(self, request: dict[str, Any]) -> ChangeSet:
        """A change set by ARN, or by name and stack."""
        name, stack = request["ChangeSetName"], request.get("StackName")
        for one in reversed(list(self.change_sets.values())):
            if one.id == name or (one.name == name and stack in (one.stack.name, one.stack.id)):
                return one
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)

    def execute(self, request: dict[str, Any]) -> None:
        """ExecuteChangeSet."""
        proposal = self.change_set(request)
        if proposal.execution_status != "AVAILABLE":
            raise AwsError("InvalidChangeSetStatus", f"ChangeSet [{proposal.name}] is {proposal.execution_status}")
        proposal.execution_status = "EXECUTE_COMPLETE"
        proposal.stack.disable_rollback = bool(request.get("DisableRollback"))
        proposal.stack.retain_except_on_create = bool(request.get("RetainExceptOnCreate"))
        options = {"Tags": proposal.tags, "Capabilities": proposal.capabilities}
        self.deploy(proposal.stack, proposal.body, proposal.values, options)

    def changes(self, stack: Stack, parsed: dict[str, Any], values: dict[str, str]) -> list[dict[str, Any]]:
        """What a template would add, modify and remove; a change of outputs or tags counts as the stack's."""
        scope = self._scope(parsed, values, stack)
        scope.names |= {name: one.made.id for name, one in stack.resources.items()}
        scope.attributes |= {name: one.made.attributes for name, one in stack.resources.items()}
        names = wanted(parsed, scope)
        actions = [(name, self._action(stack, parsed["Resources"][name], name, scope)) for name in names]
        actions += [(name, "Remove") for name in stack.resources if name not in names]
        found = [_change(name, action, parsed, stack) for name, action in actions if action]
        if not found and parsed.get("Outputs") != stack.template.get("Outputs"):
            found = [_stack_change(stack)]
        return found

    def exports(self) -> dict[str, tuple[str, Stack]]:
        """Exported values by name."""
        return {
            output["ExportName"]: (output["OutputValue"], stack)
            for stack in self.standing()
            for output in stack.outputs
            if "ExportName" in output
        }

    def importers(self, export: str) -> list[str]:
        """The stacks that import a value."""
        return sorted(one.name for one in self.standing() if export in one.imports)

    def _action(self, stack: Stack, resource: dict[str, Any], name: str, scope: Scope) -> str:
        deployed = stack.resources.get(name)
        if deployed is None:
            return "Add"
        try:
            properties = scope.resolve(resource.get("Properties") or {})
        except Refused:
            return "Modify"
        known = {key: value for key, value in deployed.properties.items() if key in properties}
        dropped = set(deployed.properties) - set(properties) - {self._name_property(deployed.type)}
        policy = resource.get("DeletionPolicy", "Delete")
        return "Modify" if properties != known or dropped or policy != deployed.deletion_policy else ""

    def _name_property(self, kind: str) -> str:
        return self._types[kind].name_property if kind in self._types else ""

    def _proposed(self, stack: Stack, body: str, request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        if stack.status not in UPDATABLE | {"REVIEW_IN_PROGRESS"}:
            raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
        parsed = template.parse(body)
        check_capabilities(parsed, request.get("Capabilities", []))
        return parsed, parameters.given_values(request.get("Parameters", []), parsed, stack.values)

    def _reviewed(self, name: str) -> Stack:
        waiting = [one for one in self.standing() if one.name == name and one.status == "REVIEW_IN_PROGRESS"]
        stack = waiting[-1] if waiting else self.new(name)
        if not waiting:
            stack.note("REVIEW_IN_PROGRESS", "User Initiated")
        return stack

    def _scope(self, parsed: dict[str, Any], values: dict[str, str], stack: Stack) -> Scope:
        names = {
            "AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com", "AWS::StackName": stack.name, "AWS::StackId": stack.id,
            "AWS::NotificationARNs": [],
            **parameters.resolved_values(values, parsed, lambda name: self._kept("ssm", name)),
        }  # fmt: skip
        return Scope(parsed, names, {name: value for name, (value, _) in self.exports().items()}, self._kept)

    def _kept(self, service: str, reference: str) -> str:
        return kept_value(self._front, service, reference)

    def _stored_template(self, url: str) -> str:
        parts = urlparse(url)
        bucket, key = parts.netloc.split(".s3", 1)[0], parts.path.lstrip("/")
        if ".s3" not in parts.netloc:
            bucket, key = key.split("/", 1)
        return self._front.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def _change(name: str, action: str, parsed: dict[str, Any], stack: Stack) -> dict[str, Any]:
    kind = parsed["Resources"][name]["Type"] if action != "Remove" else stack.resources[name].type
    detail = {"Action": action, "LogicalResourceId": name, "ResourceType": kind}
    if name in stack.resources:
        detail["PhysicalResourceId"] = stack.resources[name].made.id
    return {"Type": "Resource", "ResourceChange": detail}


def _stack_change(stack: Stack) -> dict[str, Any]:
    detail = {"Action": "Modify", "LogicalResourceId": stack.name, "ResourceType": "AWS::CloudFormation::Stack"}
    return {"Type": "Resource", "ResourceChange": detail}
