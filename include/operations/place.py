"""Where a stage runs: Celery reads the queue, Kubernetes the pod override, LocalExecutor neither."""

from __future__ import annotations

from typing import Any


def place(queue: str, processors: str, memory: str, gpus: str) -> dict[str, Any]:
    """Return a task's queue, and what its pod needs if there are pods.

    Without Kubernetes among the executors there is no pod to describe, and the description is left out: the scheduler
    would read it from the database for each of a thousand mapped tasks each time that it looks at their run.

    Args:
        queue: of Celery.
        processors: requested, and threads of its libraries.
        memory: requested, and its limit, such as ``2Gi``.
        gpus: its limit; "0" asks for none.
    """
    from airflow.sdk.configuration import conf

    if "Kubernetes" not in conf.get("core", "executor"):
        return {"queue": queue}
    return {"queue": queue, "executor_config": {"pod_override": pod(processors, memory, gpus)}}


def pod(processors: str, memory: str, gpus: str) -> Any:
    """Return what is laid over the pod template: a ``V1Pod`` of one container ``base``."""
    from kubernetes.client import models as k8s

    limits = {"memory": memory} | ({} if gpus == "0" else {"nvidia.com/gpu": gpus})
    resources = k8s.V1ResourceRequirements(requests={"cpu": processors, "memory": memory}, limits=limits)
    environment = [k8s.V1EnvVar(name="OMP_NUM_THREADS", value=processors)]
    container = k8s.V1Container(name="base", resources=resources, env=environment)
    return k8s.V1Pod(spec=k8s.V1PodSpec(containers=[container]))
