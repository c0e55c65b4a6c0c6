"""The environment of Airflow's components: every setting that makes it an embedded, quiet, loopback-only Airflow."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from standalone.plain_paths import plain_path
from standalone.state import Secrets, State

LOOPBACK = "127.0.0.1"

_DAY = 86_400
# A user's shell may carry settings of another Airflow; connections and variables are the user's to give.
_FOREIGN = ("AIRFLOW__", "AIRFLOW_HOME", "AIRFLOW_CONFIG", "_AIRFLOW")
# The most threads that one embed task puts to good use; a larger machine runs several tasks side by side.
_MOST_THREADS = 8


@dataclass(frozen=True)
class Placement:
    """How the machine is shared out: tasks side by side, and threads of each."""

    tasks: int
    threads: int


@dataclass(frozen=True)
class Code:
    """The folders of the project that Airflow reads."""

    dags: Path
    include: Path
    plugins: Path


def place(processors: int, tasks: int | None = None, most: int | None = None) -> Placement:
    """Share out the processors.

    One embed task with two threads is as fast as two tasks with one, and takes half the memory; the reduce, which
    runs alone, then has all processors. So one task at a time, until there are more processors than one can use.

    Args:
        processors: of the machine.
        tasks: side by side, if somebody says how many.
        most: the most processors that a task may use, if somebody says so.
    """
    count = tasks or max(1, processors // min(most or _MOST_THREADS, _MOST_THREADS))
    threads = max(1, processors // count)
    return Placement(count, min(most or threads, threads))


def start_date(now: dt.datetime) -> str:
    """Return the DAG's start date, chosen so that no scheduled run is due when the DAG is unpaused.

    The schedule ticks at the start of a month, and a tick right at the start date counts: on a month's first day the
    DAG starts tomorrow. A date that never comes would not do: Airflow gives a run no tasks whose own date lies before.
    """
    day = now.date()
    return f"{day + dt.timedelta(days=1) if day.day == 1 else day}"


def airflow_variables(
    environment: Mapping[str, str],
    state: State,
    code: Code,
    secrets: Secrets,
    placement: Placement,
    *,
    port: int,
    root: str,
    snapshot: str,
    now: dt.datetime,
    parse_every_s: int,
    sentences_port: int | None = None,
) -> dict[str, str]:
    """Return the whole environment of Airflow's components.

    Args:
        environment: the user's, which is passed on but for settings of Airflow itself.
        state: where Airflow lives.
        code: the folders it reads.
        secrets: what it signs with.
        placement: tasks side by side and threads of each.
        port: of the API server, on loopback.
        root: where the tasks put results.
        snapshot: the default of the form's snapshot field.
        now: the present, in UTC.
        parse_every_s: seconds between two readings of the DAG file.
        sentences_port: of the service that may run a model for the page, on loopback; None: there is none.
    """
    home = plain_path(state.home)
    kept = {name: value for name, value in environment.items() if not name.startswith(_FOREIGN)}
    return kept | {
        "AIRFLOW_HOME": str(home),
        **_core(home, code, secrets, placement, port),
        **_services(secrets, port, parse_every_s),
        **_sentences(secrets, sentences_port),
        "STRATA_ROOT": root,
        "STRATA_SNAPSHOT": snapshot,
        "STRATA_START": start_date(now),
        # Left open over a month's end, `make up` begins a scheduled run. Nobody brings that month's snapshot here, and
        # no triggerer would wake a task that waits for it: it fails at once, and says so.
        "STRATA_WAIT_DAYS": "0",
        "PYTHONPATH": os.pathsep.join([str(code.include), *filter(None, [kept.get("PYTHONPATH")])]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "NO_PROXY": ",".join(filter(None, [LOOPBACK, kept.get("NO_PROXY") or kept.get("no_proxy")])),
        "no_proxy": ",".join(filter(None, [LOOPBACK, kept.get("NO_PROXY") or kept.get("no_proxy")])),
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
        # Read by the OpenMP of torch and faiss and by OpenBLAS when they are loaded, and by strata.allowance.
        "OMP_NUM_THREADS": str(placement.threads),
        "OPENBLAS_NUM_THREADS": str(placement.threads),
        "MKL_NUM_THREADS": str(placement.threads),
    }


def database_variable(database: Path) -> dict[str, str]:
    """Return the setting that names Airflow's metadata file (which need not exist yet)."""
    folder = plain_path(database.parent)
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / database.name}"}


def _core(home: Path, code: Code, secrets: Secrets, placement: Placement, port: int) -> dict[str, str]:
    return {
        **database_variable(home / "airflow.db"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(plain_path(code.dags)),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plain_path(code.plugins))
        if code.plugins.is_dir()
        else str(home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "standalone.executor.PreloadedExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(placement.tasks),
        # Shards of a month: 272 for all of arXiv, and with small ones more than Airflow's own 1,024.
        "AIRFLOW__CORE__MAX_MAP_LENGTH": "10000",
        "AIRFLOW__CORE__FERNET_KEY": secrets.fernet_key,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{LOOPBACK}:{port}/execution/",
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        # Nobody signs in: the API server listens on loopback only.
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(home / "logs" / "dag_processor"),
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _sentences(secrets: Secrets, port: int | None) -> dict[str, str]:
    if port is None:
        return {"STRATA_SENTENCES_URL": "", "STRATA_SENTENCES_SECRET": ""}
    return {"STRATA_SENTENCES_URL": f"http://{LOOPBACK}:{port}", "STRATA_SENTENCES_SECRET": secrets.sentences}


def _services(secrets: Secrets, port: int, parse_every_s: int) -> dict[str, str]:
    return {
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.secret_key,
        "AIRFLOW__API__MAXIMUM_PAGE_LIMIT": "2000",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.jwt_secret,
        # A shard can take hours on a slow machine, and a starved one misses the renewal of its short-lived token.
        "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME": str(_DAY),
        # A task's supervisor sees its end only at its next heartbeat: at the default of 5 s each task would hold its
        # slot that much longer. One beat costs 10 ms. As before, a task is given up after half a minute of failed ones.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "30",
        # The API server builds its part for tasks at their first request, which takes seconds on a busy machine.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        # All shards are queued at once and wait for their turn: that is no sign of a stuck executor.
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": str(30 * _DAY),
        # A scheduler that a busy machine holds up for longer than this takes itself for dead and what it queued for
        # lost: each such task is begun again, and one try the poorer. Seen with the default of 30 s.
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "300",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": str(parse_every_s),
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    }
