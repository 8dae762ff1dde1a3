"""ECS clusters and task definitions, container image repositories."""

from typing import Any

from local.cloudformation.resource import ApiResource, Made, Read, ResourceType, Site
from local.cloudformation.shapes import text


class TaskDefinition(ApiResource):
    """AWS::ECS::TaskDefinition: an update registers the next revision."""

    def update(self, site: Site, made: Made, old: dict[str, Any], new: dict[str, Any]) -> Made:
        """Register the next revision and retire the last one."""
        if old.get("Family") != new.get("Family"):
            raise self.needs_replacement(["Family"])
        registered = self.create(site, new)
        self.delete(site, made, old)
        return registered


def _cluster(properties: dict[str, Any]) -> dict[str, Any]:
    settings = properties.get("ClusterSettings")
    return {**properties, "Settings": settings} if settings else properties


def _without_renamed(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in _cluster(properties).items() if name != "ClusterSettings"}


class Repository(ResourceType):
    """AWS::ECR::Repository."""

    type = "AWS::ECR::Repository"
    name_property = "RepositoryName"
    holds_data = True
    properties = frozenset(
        {"RepositoryName", "ImageScanningConfiguration", "ImageTagMutability", "EncryptionConfiguration",
         "LifecyclePolicy", "RepositoryPolicyText", "EmptyOnDelete", "Tags"}
    )  # fmt: skip

    def create(self, site: Site, properties: dict[str, Any]) -> Made:
        """Make the repository."""
        name = properties["RepositoryName"]
        spelled = {"ImageTagMutability": "imageTagMutability"}
        given: dict[str, Any] = {spelled[key]: properties[key] for key in spelled if key in properties}
        if scanning := properties.get("ImageScanningConfiguration"):
            given["imageScanningConfiguration"] = {"scanOnPush": bool(scanning.get("ScanOnPush"))}
        if encryption := properties.get("EncryptionConfiguration"):
            given["encryptionConfiguration"] = {key[0].lower() + key[1:]: value for key, value in encryption.items()}
        made = site.client("ecr").create_repository(repositoryName=name, **given)["repository"]
        return Made(name, {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]})

    def settle(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Put the policies of life cycle and access."""
        ecr = site.client("ecr")
        if policy := properties.get("LifecyclePolicy"):
            ecr.put_lifecycle_policy(repositoryName=made.id, lifecyclePolicyText=policy["LifecyclePolicyText"])
        if policy := properties.get("RepositoryPolicyText"):
            ecr.set_repository_policy(repositoryName=made.id, policyText=text(policy))

    def delete(self, site: Site, made: Made, properties: dict[str, Any]) -> None:
        """Remove the repository."""
        force = bool(properties.get("EmptyOnDelete"))
        site.client("ecr").delete_repository(repositoryName=made.id, force=force)


TYPES = [
    ApiResource(
        type="AWS::ECS::Cluster",
        service="ecs",
        create_call="create_cluster",
        id="{ClusterName}",
        name_property="ClusterName",
        attributes={"Arn": "{answer[cluster][clusterArn]}"},
        adapt=_without_renamed,
        deletion=("delete_cluster", {"cluster": "{id}"}),
        read=Read("describe_clusters", {"clusters": ["{id}"], "include": ["SETTINGS", "TAGS"]}, "clusters.0"),
    ),
    TaskDefinition(
        type="AWS::ECS::TaskDefinition",
        service="ecs",
        create_call="register_task_definition",
        id="{answer[taskDefinition][taskDefinitionArn]}",
        name_property="Family",
        attributes={"TaskDefinitionArn": "{id}"},
        deletion=("deregister_task_definition", {"taskDefinition": "{id}"}),
        read=Read("describe_task_definition", {"taskDefinition": "{id}"}, "taskDefinition"),
        unread=frozenset({"Tags"}),
    ),
    Repository(),
]
