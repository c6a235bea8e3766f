"""A Pod that does not start: waiting, never failing, and the message says what the cluster says."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from dbmigrations.api.step import StepName, StepRef, Trigger
from dbmigrations.controller.naming import Attempt
from tests.cluster.kube import AnswerError
from tests.controlplane.fake_kubelet import Fate, only
from tests.controlplane.waiting import eventually

if TYPE_CHECKING:
    from tests.controlplane.world import Json, World


BACKUP = StepRef(name=StepName.BACKUP, ordinal=1)


def warn(world: World, about: Json, kind: str, reason: str, message: str) -> None:
    """A warning as a controller or a kubelet writes it."""
    world.kube.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{about['metadata']['name']}.{reason.lower()}", "namespace": world.ns},
            "involvedObject": {
                "kind": kind,
                "namespace": world.ns,
                "name": about["metadata"]["name"],
                "uid": about["metadata"]["uid"],
            },
            "type": "Warning",
            "reason": reason,
            "message": message,
            "firstTimestamp": about["metadata"]["creationTimestamp"],
            "lastTimestamp": about["metadata"]["creationTimestamp"],
            "source": {"component": "test"},
        }
    )


def waiting(world: World) -> None:
    assert world.condition("Stalled") == ("", "")
    assert world.condition("Reconciling")[0] == "True"
    assert world.condition("Ready")[0] != "True"


def test_a_quota_that_refuses_the_pod_stands_in_the_message(world: World) -> None:
    world.kubelet.fate = only(Fate.NO_POD, StepName.PREFLIGHT, times=1)
    world.create("1.0.0")
    job = world.await_job("Preflight")

    warn(world, job, "Job", "FailedCreate", 'pods "shop-preflight" is forbidden: exceeded quota: compute')

    world.await_message("exceeded quota: compute")
    waiting(world)


def test_an_image_that_cannot_be_pulled_stands_in_the_message(world: World) -> None:
    world.kubelet.fate = only(Fate.PENDING, StepName.PREFLIGHT, times=1)
    world.create("1.0.0")
    job = world.await_job("Preflight")
    pod = f"{job['metadata']['name']}-pod"
    eventually("its Pod is there", lambda: world.kube.find("Pod", world.ns, pod))

    spec = world.kube.get("Pod", world.ns, pod)["spec"]["initContainers"][0]
    state = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
    container = {"name": spec["name"], "image": spec["image"], "imageID": "", "ready": False, "restartCount": 0}
    status = {"phase": "Pending", "initContainerStatuses": [container | {"state": state}]}
    world.kube.patch("Pod", world.ns, pod, {"status": status}, "/status")

    world.await_message("ImagePullBackOff", spec["image"])
    waiting(world)
    assert world.condition("Reconciling") == ("True", "WaitingForImage")


def test_a_volume_that_cannot_be_mounted_stands_in_the_message(world: World) -> None:
    world.kubelet.fate = only(Fate.PENDING, StepName.PREFLIGHT, times=1)
    world.create("1.0.0")
    job = world.await_job("Preflight")
    pod = f"{job['metadata']['name']}-pod"
    found = eventually("its Pod is there", lambda: world.kube.find("Pod", world.ns, pod))

    warn(world, found, "Pod", "FailedMount", 'MountVolume.SetUp failed for volume "backups": not found')

    world.await_message("FailedMount", "backups")
    waiting(world)


def test_a_pod_that_finds_no_node_stands_in_the_message(world: World) -> None:
    world.kubelet.fate = only(Fate.PENDING, StepName.PREFLIGHT, times=1)
    world.create("1.0.0")
    job = world.await_job("Preflight")
    pod = f"{job['metadata']['name']}-pod"
    eventually("its Pod is there", lambda: world.kube.find("Pod", world.ns, pod))

    message = "0/3 nodes are available: 3 Insufficient memory"
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    world.kube.patch("Pod", world.ns, pod, {"status": {"conditions": [unscheduled]}}, "/status")

    world.await_message("Insufficient memory")
    waiting(world)


def test_a_webhook_that_does_not_answer_stands_in_the_message_and_the_run_goes_on_without_it(world: World) -> None:
    """The API server answers 500 then, as if the fault were its own."""
    rule = {"apiGroups": ["batch"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["jobs"]}
    webhook = {
        "name": "jobs.policy.example",
        "clientConfig": {"url": "https://127.0.0.1:9/"},
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": world.ns}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    collection = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": world.ns},
        "webhooks": [webhook],
    }
    world.kube.call("POST", collection, configuration)
    eventually("the webhook is asked", lambda: _is_asked(world))
    world.create("1.0.0")

    world.await_message("the Job was refused", "jobs.policy.example")
    waiting(world)

    world.kube.call("DELETE", f"{collection}/{world.ns}")
    world.await_ready("1.0.0")


def _is_asked(world: World) -> bool:
    pod = {"restartPolicy": "Never", "containers": [{"name": "probe", "image": "probe"}]}
    metadata = {"generateName": "probe-", "namespace": world.ns}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}}}
    try:
        world.kube.create(job)
    except AnswerError as error:
        return error.status == HTTPStatus.INTERNAL_SERVER_ERROR
    return False


def test_a_quota_on_jobs_stands_in_the_message_and_the_run_goes_on_when_it_is_raised(world: World) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "no-jobs", "namespace": world.ns},
        "spec": {"hard": {"count/jobs.batch": "0"}},
    }
    world.kube.create(quota)
    path = f"/api/v1/namespaces/{world.ns}/resourcequotas/no-jobs/status"
    world.kube.call(
        "PATCH",
        path,
        {"status": {"hard": {"count/jobs.batch": "0"}, "used": {"count/jobs.batch": "0"}}},
        "application/merge-patch+json",
    )
    world.create("1.0.0")

    world.await_message("exceeded quota", "no-jobs")
    waiting(world)

    world.kube.delete("ResourceQuota", world.ns, "no-jobs")
    world.await_ready("1.0.0")


def test_a_job_of_the_name_that_is_somebody_elses_stands_in_the_message_and_is_stepped_around(world: World) -> None:
    world.kubelet.fate = only(Fate.HELD, StepName.PREFLIGHT, times=1)
    world.create("1.0.0")
    world.await_held("Preflight")
    run, uid = world.run(), world.get()["metadata"]["uid"]
    attempt = Attempt(uid=uid, run=run["id"], trigger=Trigger.SPEC, step=BACKUP, number=1)
    stranger = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": attempt.job_name(world.name), "namespace": world.ns},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a.test/a"}]}}},
    }
    before = world.kube.create(stranger)

    world.kubelet.release()

    world.await_message(f"Job {world.ns}/{attempt.job_name(world.name)} exists already", "have it deleted")
    waiting(world)
    assert world.condition("Reconciling") == ("True", "WaitingForPod")
    world.await_ready("1.0.0")
    after = world.kube.get("Job", world.ns, attempt.job_name(world.name))
    assert (after["metadata"]["uid"], after["spec"]) == (before["metadata"]["uid"], before["spec"])
    assert {each["name"]: each["attempts"] for each in world.run()["steps"]}["Backup"] == 2


def test_a_pod_that_does_not_start_in_time_is_tried_anew(world: World) -> None:
    world.kubelet.fate = only(Fate.PENDING, StepName.PREFLIGHT, times=1)
    world.create("1.0.0", timeouts={"start": "2s"})
    first = world.await_job("Preflight")["metadata"]["name"]

    world.await_ready("1.0.0")

    assert world.kube.find("Job", world.ns, first) is None
    assert world.run()["steps"][0]["attempts"] == 2
