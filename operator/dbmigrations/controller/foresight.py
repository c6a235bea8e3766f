"""What an active Job is bound to become, a second or two before it says so.

The Job controller collects what Pods report and writes a Job's end some time after its Pod's: in a run of nine steps
that is nine times waited for nothing. A Job that wants one completion and whose only Pod has succeeded can but become
Complete: the Pod does not run again, it counts even if it is deleted (its finalizer waits for that), and nothing takes
its place. Only a deadline could still come first; where it is near, the Job's own word is awaited. So it is where a Pod
failed (the Job may replace it), where there are two Pods, and where the Job is being deleted.

https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-tracking-with-finalizers
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from dbmigrations.controller.snapshot import JobFacts, JobState, PodFacts, PodPhase

MARGIN = 60.0
"""Seconds before its deadline in which a Job is not foreseen."""


def foreseen(job: JobFacts, pods: Iterable[PodFacts], now: datetime) -> JobFacts:
    """The Job as it is bound to be: Complete where its Pod has succeeded, else as it is."""
    if job.state is not JobState.ACTIVE or job.deleting or _is_near_its_deadline(job, now):
        return job
    own = [pod for pod in pods if pod.job == job.name]
    succeeded = len(own) == 1 and own[0].phase is PodPhase.SUCCEEDED and own[0].owner_uid == job.uid
    return replace(job, state=JobState.COMPLETE) if succeeded else job


def _is_near_its_deadline(job: JobFacts, now: datetime) -> bool:
    began = job.started_at or job.created_at
    return began is None or (job.limit > 0 and (now - began).total_seconds() >= job.limit - MARGIN)
