"""Athena workgroups and named queries."""

from typing import Any

from local.cloudformation.resource import ApiResource, Made, Read, Site, Update, changed


class WorkGroup(ApiResource):
    """AWS::Athena::WorkGroup."""

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Change description and configuration by making the workgroup again: it holds no data of its own."""
        if fixed := sorted({"Name", "Tags"} & set(changed(old, new))):
            raise self.needs_replacement(fixed)
        self.delete(site, made, old)
        return self.create(site, new)


def _work_group(properties: dict[str, Any]) -> dict[str, Any]:
    ours = ("RecursiveDeleteOption", "State")
    return {
        name: value for name, value in properties.items() if name not in ours or (name, value) == ("State", "DISABLED")
    }


TYPES = [
    WorkGroup(
        type="AWS::Athena::WorkGroup",
        service="athena",
        create_call="create_work_group",
        id="{Name}",
        name_property="Name",
        renamed={"WorkGroupConfiguration": "Configuration"},
        adapt=_work_group,
        deletion=("delete_work_group", {"WorkGroup": "{id}"}),
        read=Read("get_work_group", {"WorkGroup": "{id}"}, "WorkGroup"),
        unread=frozenset({"Tags"}),
    ),
    ApiResource(
        type="AWS::Athena::NamedQuery",
        service="athena",
        create_call="create_named_query",
        id="{answer[NamedQueryId]}",
        name_property="Name",
        attributes={"NamedQueryId": "{id}"},
        deletion=("delete_named_query", {"NamedQueryId": "{id}"}),
        change=Update("update_named_query", {"NamedQueryId": "{id}"}, keeps_omitted=True),
        read=Read("get_named_query", {"NamedQueryId": "{id}"}, "NamedQuery"),
    ),
]
