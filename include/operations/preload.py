"""What a task of the DAG imports, imported: for a process from which tasks are forked.

A task of seconds otherwise spends most of them on imports: two of a processor of two and a half (16 and 60 mapped tasks
of one paper). To import starts no thread pool of torch's or faiss's, so that a process forked later may use them.
Workers of Celery take it by ``AIRFLOW__CELERY__EXTRA_CELERY_CONFIG``, see docker-compose.yaml; ``make run`` by
``standalone.executor``.
"""

from __future__ import annotations

import importlib

MODULES = (
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

for module in MODULES:
    importlib.import_module(module)
