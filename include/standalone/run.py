"""The two commands: make one record and end, or serve the UI until told to stop."""

from __future__ import annotations

import datetime as dt
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

from standalone.demo import demo_snapshot
from standalone.display import Display
from standalone.ending import failure_text, record_of, success_text
from standalone.errors import Refused, StandaloneError, Stopped
from standalone.follow import abandon, follow, trigger
from standalone.request import Request, read_request
from standalone.rest import ApiError, Unreachable
from standalone.service import DAG, NotImportable, Service, Wanted, await_dag, borrowed, started
from standalone.state import State, Taken
from standalone.variables import Code, place
from strata.allowance import asked, machine

_UP_PORT = 8080
# `run` reads the DAG once: reading it again and again would cost the tasks processor time.
_PARSE_EVERY_S = {"run": 86_400, "up": 30}
_WATCH_EVERY_S = 1.0


@dataclass(frozen=True)
class Project:
    """Where everything is: the state folder, and the folders with the project's code."""

    state: State
    code: Code

    @classmethod
    def at(cls, checkout: Path, state: Path | None = None, dags: Path | None = None) -> Project:
        """Return the project of a checkout, with another state folder or DAG folder if asked for."""
        code = Code(dags or checkout / "dags", checkout / "include", checkout / "plugins")
        return cls(State(state or checkout / ".strata"), code)


Command = Callable[[Project, Request, Mapping[str, str], Display], None]


def execute(command: str, project: Project, environment: Mapping[str, str], folder: Path, out: TextIO) -> int:
    """Run a command and return its exit status: 0 only if all it was asked for is done.

    Args:
        command: run or up.
        project: where everything is.
        environment: holds the request (request.read_request), and is passed on to Airflow.
        folder: what relative paths in the request are relative to.
        out: where its words go.
    """
    display = Display(out)
    try:
        with _signals():
            today = dt.datetime.now(dt.timezone.utc).date()
            request = read_request(environment, folder, project.state.root, today)
            _COMMANDS[command](project, request, environment, display)
    except StandaloneError as error:
        display.say(str(error))
        return error.status
    except (ApiError, Unreachable) as error:
        display.say(f"Airflow's API server gave an answer that was not expected: {error}")
        return StandaloneError.status
    except BrokenPipeError:  # nobody reads any more: for the caller, not for words
        raise
    except (OSError, sqlite3.Error) as error:
        display.say(_unusable_text(error, project.state.folder))
        return StandaloneError.status
    except Stopped as stopped:
        display.say(f"Stopped by {stopped.name}; nothing is left running.")
        return 0 if command == "up" else stopped.status
    return 0


def run(project: Project, request: Request, environment: Mapping[str, str], display: Display) -> None:
    """Make one record. Raises StandaloneError if it could not be made."""
    with ExitStack() as stack:
        conf = request.conf(demo_snapshot(project.state, display, wanted=request.snapshot is None))
        try:
            service = stack.enter_context(
                started(project.state, project.code, environment, _wanted("run", request, conf["snapshot"]), display)
            )
        except Taken as taken:
            service = _borrow(taken, request)
            display.say(f"Using the Airflow of `make up` at {service.url}")
        await_dag(service, project.code.dags, display)
        logs = project.state.task_logs
        name = trigger(service, conf, dt.datetime.now(dt.timezone.utc))
        display.say(f"Airflow is at {service.url} (run {name})")
        with _abandoned_if_left(service, name):
            outcome = follow(service, name, logs, display)
        if outcome.state != "success":
            raise StandaloneError(failure_text(outcome, logs))
        display.say("\n" + success_text(outcome, record_of(service, outcome), request.root))


def up(project: Project, request: Request, environment: Mapping[str, str], display: Display) -> None:
    """Serve the UI until a signal comes. Raises StandaloneError if Airflow cannot be started, or ends."""
    demo = demo_snapshot(project.state, display, wanted=request.snapshot is None)
    wanted = _wanted("up", request, request.snapshot or str(demo))
    try:
        with started(project.state, project.code, environment, wanted, display) as service:
            _show_dag(service, project, display)
            display.say(
                f"Airflow is at {service.url} (Ctrl-C stops it)\n"
                f"The records are at {service.url}/plugin/fossil-record, their files in {request.root}"
            )
            while True:
                service.check()
                time.sleep(_WATCH_EVERY_S)
    except Taken as taken:
        raise Refused(_taken_text(taken)) from None


_COMMANDS: dict[str, Command] = {"run": run, "up": up}


def _wanted(command: str, request: Request, snapshot: str) -> Wanted:
    return Wanted(
        command=command,
        root=request.root,
        snapshot=snapshot,
        placement=place(machine(), request.tasks, asked()),
        parse_every_s=_PARSE_EVERY_S[command],
        port=_UP_PORT if command == "up" else None,
        sentences=command == "up",
    )


def _borrow(taken: Taken, request: Request) -> Service:
    by = taken.by
    if by is None or by.command != "up" or not by.url:
        raise Refused(_taken_text(taken)) from None
    if by.root != request.root:
        raise Refused(
            f"`make up` (process {by.process}) is running with ROOT={by.root}, this run wants ROOT={request.root}: "
            f"stop it with Ctrl-C first"
        ) from None
    return borrowed(by)


def _taken_text(taken: Taken) -> str:
    if taken.by is None:
        return "Another command is just starting or ending in this checkout: try again in a moment"
    return (
        f"`make {taken.by.command}` (process {taken.by.process}) is already at work in this checkout: "
        f"wait for its end, or stop it with Ctrl-C"
    )


def _unusable_text(error: OSError | sqlite3.Error, folder: Path) -> str:
    """Say which place cannot be used, and why: a full disk, somebody else's file, a damaged metadata file."""
    named = getattr(error, "filename", None)  # a full disk names none; it is then the state folder that is written to
    outside = isinstance(named, str) and folder not in Path(named).parents
    return f"{named if outside else folder} cannot be used: {error}"


def _show_dag(service: Service, project: Project, display: Display) -> None:
    try:
        await_dag(service, project.code.dags, display)
    except NotImportable as error:
        # Whoever mends the file wants to see it reappear in the UI.
        display.say(str(error))
        return
    service.api.patch(f"/dags/{DAG}", {"is_paused": False})


@contextmanager
def _abandoned_if_left(service: Service, run_id: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # What cannot be told to this Airflow any more is done before the next one starts: database.abandon_runs.
        with suppress(ApiError, Unreachable):
            abandon(service, run_id)
        raise


@contextmanager
def _signals() -> Iterator[None]:
    """Turn the signals that ask a process to end into `Stopped`, once: what then cleans up is not disturbed."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup, a closed terminal is no reason to stop
        numbers.append(signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
