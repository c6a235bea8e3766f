"""How the Jobs of the steps are run, and the Secrets that they mount."""

from typing import Annotated

from pydantic import Field, JsonValue

from dbmigrations.api.model import ApiModel
from dbmigrations.api.scalars import Labels, ObjectName


class SecretReference(ApiModel):
    """A Secret in the resource's own namespace. The operator never reads it: Jobs mount it."""

    name: ObjectName = Field(description="Name of the Secret.")


class JobMetadata(ApiModel):
    """Metadata added to Jobs and their Pods."""

    labels: Labels = Field(default_factory=dict, description="Labels of Jobs and Pods; ours win.")
    annotations: Labels = Field(default_factory=dict, description="Annotations of Jobs and Pods; ours win.")


OpenObject = Annotated[
    dict[str, JsonValue],
    Field(max_length=64, json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}),
]


class JobTemplate(ApiModel):
    """How the Jobs of the steps are run."""

    metadata: JobMetadata = Field(JobMetadata(), description="Labels and annotations for Jobs and Pods.")
    service_account_name: str = Field(
        "", max_length=253, description="ServiceAccount of the Pods, without a token. Empty: the namespace's default."
    )
    resources: OpenObject = Field(default_factory=dict, description="Resources of the main container, as in a Pod.")
    node_selector: Labels = Field(default_factory=dict, description="Node selector of the Pods.")
    tolerations: Annotated[tuple[OpenObject, ...], Field(max_length=32)] = Field(
        (), description="Tolerations of the Pods."
    )
    affinity: OpenObject = Field(default_factory=dict, description="Affinity of the Pods.")
    priority_class_name: str = Field("", max_length=253, description="Priority class of the Pods.")
    image_pull_secrets: tuple[SecretReference, ...] = Field(
        default=(), max_length=8, description="Pull secrets of the runner's own image."
    )
