"""Airflow's LocalExecutor, with what every task needs loaded once and not once a task."""

from __future__ import annotations

import importlib

from airflow.executors.local_executor import LocalExecutor

# What a task of the DAG imports, its supervisor's half too. Importing starts no thread pool of torch's or faiss's, so
# that a process forked later may use them.
SHARED = (
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.definitions.param",
    "airflow.providers.standard.operators.python",
    "jsonschema",
    "operations.alert",
    "operations.connection",
    "operations.label",
    "operations.patience",
    "operations.place",
    "operations.record_link",
    "strata.stages",
    "strata.continuity",
    "strata.reduce",
    "strata.map",
    "strata.report",
    "strata.export",
    "strata.encoders.packed",
    "torch",
    "safetensors.torch",
    "tokenizers",
    "scipy.stats",
    "sklearn.cluster",
)


class PreloadedExecutor(LocalExecutor):
    """LocalExecutor whose workers, and so all tasks, are forked from a process that has imported what tasks import.

    A task then costs half a second of a processor rather than more than two (16 and 60 mapped tasks of one paper).
    """

    def start(self) -> None:
        """Import, then fork the workers."""
        if self.is_mp_using_fork:
            for module in SHARED:
                importlib.import_module(module)
        super().start()
