"""What a resource type is: how one CloudFormation type is made, changed, read back and removed."""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from local.cloudformation.refusal import Refused
from local.cloudformation.shapes import lost, member, to_api
from local.front import ACCOUNT, REGION, Front

ABSENT = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "ResourceNotFoundException", "EntityNotFound")


@dataclass(frozen=True)
class Site:
    """Where a resource is made: the AWS it belongs to, its stack and its logical id."""

    front: Front
    stack_name: str
    stack_id: str
    logical_id: str
    account: str = ACCOUNT
    region: str = REGION

    def client(self, service: str) -> Any:
        """The client of a service of this AWS."""
        return self.front.client(service)

    def generated_name(self, longest: int = 64) -> str:
        """A name for a resource that the template does not name."""
        suffix = "".join(random.choices(string.ascii_uppercase + string.digits, k=12))
        return f"{f'{self.stack_name}-{self.logical_id}'[: longest - 13]}-{suffix}"


@dataclass(frozen=True)
class Made:
    """A resource that exists: what `Ref` and `Fn::GetAtt` give."""

    id: str
    attributes: dict[str, str] = field(default_factory=dict)


class ResourceType:
    """One resource type; a subclass says which properties it knows and what to do with them."""

    type: str
    properties: frozenset[str]
    name_property: str = ""
    longest_name: int = 64
    holds_data: bool = False

    def check(self, properties: dict[str, Any]) -> None:
        """Refuse properties that this type does not know."""
        refuse_unknown(properties, self.properties)

    def named(self, site: Site, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties with a generated name when the template gives none."""
        if not self.name_property or self.name_property in properties:
            return properties
        return {**properties, self.name_property: site.generated_name(self.longest_name)}

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the resource."""
        raise NotImplementedError

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Do the rest once the resource exists: settings that have calls of their own."""

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change the resource in place; refuse what would need another resource."""
        raise self.needs_replacement(changed(old, new))

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the resource."""
        raise NotImplementedError

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Refuse the resource when the local AWS lost some of its properties."""

    def needs_replacement(self, names: list[str]) -> Refused:
        """The refusal of a change that has no call, or that AWS does by making a new resource."""
        return Refused(
            f"the local AWS cannot change {names} in place; give the resource another logical id and name, "
            "or delete the stack first"
        )


@dataclass(frozen=True)
class Read:
    """How a resource is read back: the call, its arguments, and where in the answer it is."""

    call: str
    arguments: dict[str, Any]
    within: str = ""


@dataclass(frozen=True)
class Update:
    """How a resource is changed: the call, its key arguments, the member that wraps the rest.

    A call that `keeps_omitted` cannot take a property away.
    """

    call: str
    key: dict[str, Any] = field(default_factory=dict)
    wrapped_in: str = ""
    keeps_omitted: bool = False


@dataclass(frozen=True)
class ApiResource(ResourceType):
    """A type whose properties are, by name, the input of one API call.

    Texts such as `{id}`, `{Name}` (a property) and `{answer[Arn]}` (of the create call) are filled in.
    """

    type: str
    service: str
    create_call: str
    id: str
    name_property: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    deletion: tuple[str, dict[str, Any]] | None = None
    change: Update | None = None
    read: Read | None = None
    unread: frozenset[str] = frozenset()
    adapt: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    holds_data: bool = False
    longest_name: int = 64

    def check(self, properties: dict[str, Any]) -> None:
        """Nothing ahead of the call: its shape tells what is supported."""

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the resource with one API call."""
        answer = self._call(site, self.create_call, {**self.fixed, **self._input(properties)})
        given = {"account": site.account, "region": site.region, **properties, "answer": answer}
        identity = self.id.format(**given)
        attributes = {name: text.format(**given, id=identity) for name, text in self.attributes.items()}
        return Made(identity, attributes)

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change the resource with one API call, when the API can."""
        if self.change is None:
            raise self.needs_replacement(changed(old, new))
        shape = self._shape(site, self.change.call)
        inner = shape.members[self.change.wrapped_in] if self.change.wrapped_in else shape
        self._refuse_replacement(inner, old, new)
        wanted = {key: value for key, value in self._input(new).items() if _has(inner, key)}
        wanted = {self.change.wrapped_in: wanted} if self.change.wrapped_in else wanted
        self._call(site, self.change.call, {**wanted, **_filled(self.change.key, made, new)})
        return made

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the resource with one API call; one that is gone already is fine."""
        if self.deletion is None:
            return
        call, arguments = self.deletion
        with_absence_ignored(lambda: self._call(site, call, _filled(arguments, made, properties)))

    def verify(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Read the resource back and compare."""
        if self.read is None:
            return
        arguments = _filled(self.read.arguments, made, properties)
        found = getattr(site.client(self.service), self.read.call)(**arguments)
        for key in filter(None, self.read.within.split(".")):
            found = found[int(key)] if key.isdigit() else found[key]
        shape = self._shape(site, self.create_call)
        kept = {key: value for key, value in self._input(properties).items() if key not in self.unread}
        refuse_lost(to_api(shape, kept, ""), found)

    def _input(self, properties: dict[str, Any]) -> dict[str, Any]:
        adapted = self.adapt(properties) if self.adapt else properties
        return {self.renamed.get(name, name): value for name, value in adapted.items()}

    def _call(self, site: Site, call: str, values: dict[str, Any]) -> dict[str, Any]:
        return getattr(site.client(self.service), call)(**to_api(self._shape(site, call), values, ""))

    def _shape(self, site: Site, call: str) -> Any:
        client = site.client(self.service)
        return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[call]).input_shape

    def _refuse_replacement(self, shape: Any, old: dict[str, Any], new: dict[str, Any]) -> None:
        before, after = self._input(old), self._input(new)
        fixed = [name for name in changed(before, after) if not _has(shape, name)]
        dropped = sorted(set(before) - set(after)) if self.change.keeps_omitted else []
        if fixed or dropped:
            raise self.needs_replacement(fixed + dropped)


def refuse_unknown(properties: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse properties that are not among the known ones."""
    if unknown := sorted(set(properties) - known):
        raise Refused(f"property {', '.join(unknown)} is not supported; supported: {sorted(known)}")


def changed(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The names of the properties that differ."""
    return sorted(name for name in set(old) | set(new) if old.get(name) != new.get(name))


def refuse_lost(wanted: dict[str, Any], found: dict[str, Any]) -> None:
    """Refuse a resource that came back without some of what was asked for."""
    if missing := lost(wanted, found):
        raise Refused(f"the local AWS does not keep the properties {missing}")


def with_absence_ignored(call: Callable[[], Any]) -> None:
    """Do a deletion; what is not there need not be deleted."""
    try:
        call()
    except ClientError as error:
        if not any(word in error.response["Error"]["Code"] for word in ABSENT):
            raise


def _filled(arguments: dict[str, Any], made: Made, properties: dict[str, Any]) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(item) for item in value]
        if isinstance(value, dict):
            return {name: fill(item) for name, item in value.items()}
        return value.format(**{**properties, "id": made.id}) if isinstance(value, str) else value

    return {name: fill(value) for name, value in arguments.items()}


def _has(shape: Any, name: str) -> bool:
    try:
        return bool(member(shape, name))
    except Refused:
        return False
