"""A running Airflow with the DAG parsed: started for this command, or borrowed from a ``make up`` beside it."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standalone.database import abandon_runs, migrate
from standalone.display import Display
from standalone.errors import StandaloneError
from standalone.processes import Components, end_leftovers, free_port
from standalone.rest import Api, ApiError, Unreachable
from standalone.state import InUse, State
from standalone.status import clock
from standalone.variables import LOOPBACK, Code, Placement, airflow_variables
from standalone.watchdog import Component

DAG = "fossil_record"

_READY_WITHIN_S = 900.0
_PARSED_WITHIN_S = 600.0
_LOOK_EVERY_S = 0.3


@dataclass(frozen=True)
class Wanted:
    """What the Airflow to be started is for."""

    command: str  # run or up
    root: str
    snapshot: str  # the form's default
    placement: Placement
    parse_every_s: int
    port: int | None = None  # taken if it is free
    sentences: bool = False  # whether the page can search by a sentence


@dataclass(frozen=True)
class Service:
    """An Airflow that answers."""

    url: str
    api: Api
    components: Components | None  # None: it belongs to another command
    since: dt.datetime | None  # when it was started; None if it is not ours

    def check(self) -> None:
        """Raise ComponentEnded if a part of it is gone."""
        if self.components is not None:
            self.components.check()


class NotImportable(StandaloneError):
    """The DAG's file raises an error."""


@contextmanager
def started(
    state: State, code: Code, environment: Mapping[str, str], wanted: Wanted, display: Display
) -> Iterator[Service]:
    """Start Airflow, wait until it answers, and end all of it when the block ends, however it ends.

    Raises:
        Taken: another command has it running.
        StandaloneError: it cannot be started; says why.
    """
    state.prepare()
    with state.hold(wanted.command):
        left = end_leftovers(state.processes, state.home)
        if left:
            display.say(f"Ended {left} process{'' if left == 1 else 'es'} that an earlier command had left behind.")
        since = dt.datetime.now(dt.timezone.utc)
        port = free_port(wanted.port)
        sentences_port = free_port() if wanted.sentences else None
        variables = airflow_variables(
            environment, state, code, state.secrets(), wanted.placement,
            port=port, root=wanted.root, snapshot=wanted.snapshot, now=since, parse_every_s=wanted.parse_every_s,
            sentences_port=sentences_port,
        )  # fmt: skip
        display.status("preparing Airflow's metadata", "metadata")
        migrate(state, variables)
        abandon_runs(state.database)
        with Components(_components(state, sentences_port), variables, state.home, state.processes) as components:
            service = Service(f"http://{LOOPBACK}:{port}", Api(f"http://{LOOPBACK}:{port}"), components, since)
            _await_ready(service, display)
            state.tell(InUse(wanted.command, os.getpid(), service.url, wanted.root))
            yield service


def borrowed(in_use: InUse) -> Service:
    """Return the Airflow of another command."""
    return Service(in_use.url, Api(in_use.url), None, None)


def await_dag(service: Service, dags: Path, display: Display) -> None:
    """Return when the DAG has been parsed.

    Raises:
        NotImportable: its file cannot be imported; with the error as it is.
        StandaloneError: it does not appear.
    """
    deadline = time.monotonic() + _PARSED_WITHIN_S
    while True:
        service.check()
        try:
            errors = _import_errors(service)
            if errors:
                raise NotImportable("The DAG cannot be imported:\n\n" + "\n".join(errors))
            if _is_parsed(service):
                return
        except Unreachable:
            if service.components is None:
                raise
        if time.monotonic() > deadline:
            raise StandaloneError(
                f"The DAG {DAG} did not appear within {_PARSED_WITHIN_S:.0f} s: is its file in {dags}?"
            )
        display.status("waiting for the DAG to be parsed", "parse")
        time.sleep(_LOOK_EVERY_S)


def _import_errors(service: Service) -> list[str]:
    """Return why DAG files could not be imported, those of this start only."""
    found = service.api.all("/importErrors", "import_errors")
    return [
        f"{error['filename']}:\n{error['stack_trace']}"
        for error in found
        if service.since is None or parse_time(error["timestamp"]) >= service.since
    ]


def parse_time(text: str) -> dt.datetime:
    """Read Airflow's times, such as 2026-11-21T08:07:06.667573Z (the Z is beyond Python 3.10)."""
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _components(state: State, sentences_port: int | None) -> list[Component]:
    commands = {
        # Its log server would listen beyond loopback; the API server reads the log files itself.
        "scheduler": ["airflow", "scheduler", "--skip-serve-logs"],
        "dag-processor": ["airflow", "dag-processor"],
        "api-server": ["airflow", "api-server"],
    }
    if sentences_port is not None:
        commands["sentences"] = ["strata", "serve-sentences", "--host", LOOPBACK, "--port", str(sentences_port)]
    return [
        Component(name, [sys.executable, "-m", *command], str(state.component_logs / f"{name}.log"))
        for name, command in commands.items()
    ]


def _await_ready(service: Service, display: Display) -> None:
    start = time.monotonic()
    while not _is_ready(service):
        assert service.components is not None
        service.components.check()
        waited = time.monotonic() - start
        if waited > _READY_WITHIN_S:
            raise StandaloneError(f"Airflow was not ready within {_READY_WITHIN_S:.0f} s: is the machine overloaded?")
        display.status(f"{clock(waited)} starting Airflow", "start")
        time.sleep(_LOOK_EVERY_S)


def _is_ready(service: Service) -> bool:
    try:
        health = service.api.get("/monitor/health")
    except (Unreachable, ApiError):
        return False
    return all(
        _beats(health[part], f"latest_{part}_heartbeat", service.since) for part in ("scheduler", "dag_processor")
    )


def _beats(part: Mapping[str, Any], key: str, since: dt.datetime | None) -> bool:
    # "healthy" alone can be the last heartbeat of the Airflow before this one.
    beat = part[key]
    return beat is not None and (since is None or parse_time(beat) >= since)


def _is_parsed(service: Service) -> bool:
    try:
        found = service.api.get(f"/dags/{DAG}")
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    parsed = found["last_parsed_time"]
    return parsed is not None and (service.since is None or parse_time(parsed) >= service.since)
