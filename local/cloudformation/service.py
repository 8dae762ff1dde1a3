"""The CloudFormation API: requests in, answers out, in AWS's query protocol."""

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from moto.core.model import ServiceModel
from moto.core.parse import QueryParser
from moto.core.serialize import QuerySerializer, SerializationContext
from moto.core.utils import get_service_model
from werkzeug.wrappers import Request, Response

from local.cloudformation import answers, template
from local.cloudformation.refusal import invalid
from local.cloudformation.stacks import Stacks
from local.front import AwsError

Operation = Callable[[dict[str, Any]], dict[str, Any]]


class Service:
    """The operations of CloudFormation that stacks and their deployers use."""

    def __init__(self, stacks: Stacks):
        self._stacks = stacks
        self._model: ServiceModel = get_service_model("cloudformation")
        self._operations: dict[str, Operation] = {
            "CreateStack": self._create_stack,
            "UpdateStack": self._update_stack,
            "DeleteStack": self._delete_stack,
            "DescribeStacks": self._describe_stacks,
            "ListStacks": self._list_stacks,
            "DescribeStackEvents": self._describe_stack_events,
            "DescribeStackResource": self._describe_stack_resource,
            "DescribeStackResources": self._describe_stack_resources,
            "ListStackResources": self._list_stack_resources,
            "CreateChangeSet": self._create_change_set,
            "DescribeChangeSet": lambda request: answers.change_set(stacks.change_set(request)),
            "ExecuteChangeSet": self._execute_change_set,
            "DeleteChangeSet": self._delete_change_set,
            "ListChangeSets": self._list_change_sets,
            "GetTemplate": lambda request: {"TemplateBody": stacks.find(request["StackName"]).body},
            "GetTemplateSummary": self._describe_template,
            "ValidateTemplate": self._describe_template,
            "ListExports": self._list_exports,
            "ListImports": self._list_imports,
        }

    def answer(self, request: Request) -> Response:
        """Answer one HTTP request; errors too are told in the query protocol."""
        action = request.values.get("Action", "")
        if action not in self._operations:
            return _error(AwsError("InvalidAction", f"the local AWS has no CloudFormation operation {action!r}"))
        operation = self._model.operation_model(action)
        body = QueryParser(operation).parse({"values": request.values})
        try:
            result = self._operations[action](body)
        except AwsError as error:
            return _error(error)
        answered = QuerySerializer(operation, context=SerializationContext("local")).serialize(result)
        return Response(answered["body"], answered["status_code"], answered["headers"])

    def _create_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"StackId": self._stacks.create(request).id}

    def _update_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"StackId": self._stacks.update(request).id}

    def _delete_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        self._stacks.delete(request["StackName"])
        return {}

    def _describe_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request.get("StackName")
        return {
            "Stacks": [answers.stack(one) for one in ([self._stacks.find(name)] if name else self._stacks.standing())]
        }

    def _list_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        statuses = request.get("StackStatusFilter")
        found = [one for one in self._stacks.by_id.values() if not statuses or one.status in statuses]
        return {"StackSummaries": [answers.summary(one) for one in reversed(found)]}

    def _describe_stack_events(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"StackEvents": list(reversed(self._stacks.find(request["StackName"]).events))}

    def _describe_stack_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        stack, name = self._stacks.find(request["StackName"]), request["LogicalResourceId"]
        if name not in stack.resources:
            raise invalid(f"Resource {name} does not exist for stack {stack.name}")
        return {"StackResourceDetail": answers.resource(stack, name)}

    def _describe_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        stack, name = self._stacks.find(request["StackName"]), request.get("LogicalResourceId")
        return {"StackResources": [answers.resource(stack, one) for one in stack.resources if name in (None, one)]}

    def _list_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stacks.find(request["StackName"])
        return {"StackResourceSummaries": [answers.resource(stack, name) for name in stack.resources]}

    def _create_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        proposal = self._stacks.propose(request)
        return {"Id": proposal.id, "StackId": proposal.stack.id}

    def _execute_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        self._stacks.execute(request)
        return {}

    def _delete_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        del self._stacks.change_sets[self._stacks.change_set(request).id]
        return {}

    def _list_change_sets(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stacks.find(request["StackName"])
        return {
            "Summaries": [answers.change_set(one) for one in self._stacks.change_sets.values() if one.stack is stack]
        }

    def _describe_template(self, request: dict[str, Any]) -> dict[str, Any]:
        previous = self._stacks.find(request["StackName"]).body if "StackName" in request else ""
        parsed = template.parse(previous or self._stacks.body(request))
        return answers.template_summary(parsed)

    def _list_exports(self, request: dict[str, Any]) -> dict[str, Any]:
        exports = self._stacks.exports().items()
        return {
            "Exports": [
                {"ExportingStackId": stack.id, "Name": name, "Value": value} for name, (value, stack) in exports
            ]
        }

    def _list_imports(self, request: dict[str, Any]) -> dict[str, Any]:
        importers = self._stacks.importers(request["ExportName"])
        if not importers:
            raise invalid(f"Export '{request['ExportName']}' is not imported by any stack.")
        return {"Imports": importers}


def is_for_cloudformation(request: Request) -> bool:
    """Whether a request is signed for CloudFormation."""
    return "/cloudformation/aws4_request" in request.headers.get("Authorization", "")


def _error(error: AwsError) -> Response:
    message = escape(error.message)
    body = (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{error.code}</Code><Message>{message}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
    )
    return Response(body, error.status, {"Content-Type": "text/xml"})
