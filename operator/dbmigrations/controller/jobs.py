"""The Job of one attempt of one step, as the API server takes it. Pure: the same inputs give the same manifest.

Attempts are the operator's: the Job never tries again by itself, is never suspended (that would kill its Pod in the
middle of SQL), and is not removed after a time (its result is evidence until the status holds it).
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from dbmigrations.api.resource import GROUP, JOB_LABELS, KIND, MANAGER, REQUESTED_AT, VERSION
from dbmigrations.api.spec import DatabaseMigrationSpec, ImageSource, PullPolicy
from dbmigrations.api.status import RunStatus
from dbmigrations.api.step import StepRef
from dbmigrations.controller.actions import SPEC_HASH, CreateJob
from dbmigrations.controller.durations import step_timeout
from dbmigrations.controller.naming import MAIN_CONTAINER, SOURCE_CONTAINER, TOOLS_CONTAINER, Attempt
from dbmigrations.controller.request import SOURCE, reads_source, step_request
from dbmigrations.controller.snapshot import OperatorFacts, Resource
from dbmigrations.controller.volumes import TOOLS, copying_mounts, tools_mount, volumes_of

Json = dict[str, object]

GRACE_SECONDS = 60
"""How long a step that is stopped has to end its statement or batch."""
USER = 65532

_MAIN_RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
_INIT_RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}

_CONFINED: Json = {
    "terminationMessagePolicy": "File",  # the logs may hold what a status must not
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
}

_MESH_LABELS = {"sidecar.istio.io/inject": "false"}
_MESH_ANNOTATIONS = {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"}
"""A sidecar outlives the step and keeps its Pod from ending. Defaults: who needs the mesh may ask for it."""

_STAY_ANNOTATIONS = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}


@dataclass(frozen=True)
class Blueprint:
    """What a Job is built from: one step of a run, as the spec wants it now."""

    resource: Resource
    spec: DatabaseMigrationSpec
    run: RunStatus
    step: StepRef
    operator: OperatorFacts


def create_step_job(plan: Blueprint, attempt: int) -> CreateJob:
    """The Job of this attempt. It runs the images that the run began with, whatever the spec says by now."""
    resource, spec, run, step = plan.resource, plan.spec, plan.run, plan.step
    name = Attempt(uid=resource.uid, run=run.id, trigger=run.trigger, step=step, number=attempt).job_name(resource.name)
    labels = _labels(plan)
    annotations = dict(spec.job_template.metadata.annotations)
    body: Json = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": resource.namespace,
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [_owner(resource)],
        },
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
            },
            "activeDeadlineSeconds": math.ceil(step_timeout(spec, step.name)),
            "template": {
                "metadata": {
                    "labels": {**_MESH_LABELS, **labels},
                    "annotations": {**_MESH_ANNOTATIONS, **annotations, **_STAY_ANNOTATIONS},
                },
                "spec": _pod(plan),
            },
        },
    }
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    annotations[SPEC_HASH] = f"sha256:{digest}"
    annotations.pop(REQUESTED_AT, None)
    if resource.status.handled_requested_at:  # remembered here, too: the status can be lost
        annotations[REQUESTED_AT] = resource.status.handled_requested_at
    return CreateJob(
        name=name,
        namespace=resource.namespace,
        owner_uid=resource.uid,
        spec_hash=annotations[SPEC_HASH],
        manifest=body,
    )


def _labels(plan: Blueprint) -> dict[str, str]:
    return {
        **plan.spec.job_template.metadata.labels,
        JOB_LABELS.managed_by: MANAGER,
        JOB_LABELS.owner_uid: plan.resource.uid,
        JOB_LABELS.owner_name: plan.resource.name,
        JOB_LABELS.run: plan.run.id,
        JOB_LABELS.step: plan.step.name.value,
    }


def _owner(resource: Resource) -> Json:
    # blockOwnerDeletion stays false: true needs the right to update finalizers where the API server checks it, and
    # our own finalizer already waits for what runs.
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "name": resource.name,
        "uid": resource.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def _pod(plan: Blueprint) -> Json:
    spec, step = plan.spec, plan.step.name
    with_source = reads_source(step, plan.resource.status.plan)
    volumes, mounts = volumes_of(spec, step, with_source=with_source)
    request = step_request(plan.resource, spec, plan.run, plan.step, plan.operator.cluster)
    # Kubernetes replaces $(NAME) and $$ in commands: in JSON a dollar can be written otherwise.
    asked = request.model_dump_json(by_alias=True, exclude_none=True).replace("$", "\\u0024")
    main = {
        "name": MAIN_CONTAINER,
        "image": plan.run.images.runner,
        "command": ["dbmigrate", "step", step.value.lower(), "--request", asked],
        "volumeMounts": mounts,
        "resources": _resources(spec.job_template.resources),
        **_CONFINED,
        **_pulling(plan.run.images.runner, plan.operator.pull_policy),
    }
    pod: Json = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [main],
        "volumes": volumes,
    }
    if with_source and spec.source.image is not None:
        pod["initContainers"] = _copying(spec.source.image, plan)
    return pod | _placement(spec)


def _copying(source: ImageSource, plan: Blueprint) -> list[Json]:
    """Our image lends its copier to the source's, which needs neither a shell nor a cp of its own."""
    tools: Json = {
        "name": TOOLS_CONTAINER,
        "image": plan.run.images.runner,
        "command": ["/copier", "install", TOOLS],
        "volumeMounts": [tools_mount()],
    }
    files: Json = {
        "name": SOURCE_CONTAINER,
        "image": plan.run.images.source,
        "command": [f"{TOOLS}/copier", "copy", source.path.replace("$", "$$"), SOURCE],
        "volumeMounts": copying_mounts(),
    }
    shared: Json = {**_CONFINED, "resources": _INIT_RESOURCES}
    tools |= _pulling(plan.run.images.runner, plan.operator.pull_policy)
    files |= _pulling(plan.run.images.source, source.pull_policy)
    return [tools | shared, files | shared]


def _pulling(image: str, policy: str | None) -> Json:
    """When the node asks the registry. Where a digest is named, an image that is there is the right one."""
    if not policy or (policy == PullPolicy.ALWAYS and "@" in image):
        return {}
    return {"imagePullPolicy": policy}


def _resources(wished: Mapping[str, object]) -> Json:
    """The defaults, except for each resource that the user mentions: a default limit could lie below his request."""
    mentioned = {name for part in wished.values() if isinstance(part, Mapping) for name in part}
    merged: Json = dict(wished)
    for part, defaults in _MAIN_RESOURCES.items():
        own = wished.get(part, {})
        kept = {name: value for name, value in defaults.items() if name not in mentioned}
        merged[part] = {**kept, **own} if isinstance(own, Mapping) else own  # what is no map, the API server refuses
    return merged


def _placement(spec: DatabaseMigrationSpec) -> Json:
    """Where and as whom the Pod runs; what the user left out is left out."""
    template = spec.job_template
    of_source = spec.source.image.pull_secrets if spec.source.image is not None else ()
    secrets = dict.fromkeys(one.name for one in (*template.image_pull_secrets, *of_source))
    wished: Json = {
        "serviceAccountName": template.service_account_name,
        "nodeSelector": dict(template.node_selector),
        "tolerations": [dict(one) for one in template.tolerations],
        "affinity": dict(template.affinity),
        "priorityClassName": template.priority_class_name,
        "imagePullSecrets": [{"name": name} for name in secrets],
    }
    return {name: value for name, value in wished.items() if value}
