"""Does this container's Celery worker answer? For its health check: ``python -m operations.ping [SECONDS]``.

Airflow's own way, ``celery --app airflow... inspect ping``, loads Airflow each time: 3.8 seconds of processor time for
each worker each minute, against 0.6 here.
"""

from __future__ import annotations

import os
import socket
import sys

TIMEOUT_S = 30.0


def answers(broker: str, worker: str, timeout_s: float) -> bool:
    """Ask the worker of that name through the broker; a broker that cannot be reached is an error."""
    from celery import Celery

    with Celery(broker=broker) as app:
        return bool(app.control.inspect(destination=[worker], timeout=timeout_s).ping())


if __name__ == "__main__":
    # A worker is named after its container's host name.
    worker = f"celery@{socket.gethostname()}"
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else TIMEOUT_S
    sys.exit(0 if answers(os.environ["AIRFLOW__CELERY__BROKER_URL"], worker, seconds) else 1)
