"""A small process between the command and Airflow: starts the components, and ends all of them when one of them or the
command ends, by whatever means.

Its standard input is a pipe from the command, which the kernel closes when the command dies, by ``kill -9`` too. It
adopts every orphan below it (Linux), so a task's process is found even if the scheduler that forked it is gone. If it
is killed itself, the kernel sends the components SIGTERM (Linux), and what still stays is named in a file for the next
start (``processes.end_leftovers``).

Run as ``python -m standalone.watchdog``; the first line of its input is the JSON of a `Job`. It prints one line of JSON
when all components are started, and another at the end that says why it ended (`Ended`).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

_LOOK_EVERY_S = 0.5
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# Loaded here and not where it is used: that is between fork and exec, where no lock may be waited for.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


@dataclass(frozen=True)
class Component:
    """One program to keep running."""

    name: str
    command: list[str]
    log: str  # path of the file that gets its output


@dataclass(frozen=True)
class Job:
    """What the watchdog is to do."""

    components: list[Component]
    folder: str  # working directory of all components
    record: str  # path of the file that names what was started
    grace_s: float  # time to end by themselves after SIGTERM


@dataclass(frozen=True)
class Ended:
    """Why the watchdog ended: a component that ended first, or None if it was asked to."""

    component: str | None = None
    status: int | None = None  # its exit status, negative for a signal
    log_bytes: int | None = None  # size of its log when that was seen


def main() -> None:
    """Do the job on standard input until it closes, a signal comes, or a component ends."""
    job = _read_job()
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, frame: asked.append(received))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # orphans below become children of this process
    running: dict[int, Component] = {}
    ended = Ended()
    try:
        for component in job.components:
            running[_start(component, job.folder)] = component
            _record(job, running)
        print(json.dumps({"started": len(running)}), flush=True)
        while not asked and not _closed(sys.stdin.fileno()):
            gone = _reap(running)
            if gone:
                ended = gone
                break
    finally:
        end_all(set(running), psutil.Process().children, job.grace_s, after=lambda: _reap({}))
        Path(job.record).unlink(missing_ok=True)
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(asdict(ended)), flush=True)


def end_all(
    sessions: set[int],
    below: Callable[..., list[Any]],
    grace_s: float,
    *,
    ours: Callable[[Any], bool] = lambda process: True,
    after: Callable[[], object] = lambda: None,
) -> int:
    """End every process of some sessions and every process below: SIGTERM, a time of grace, SIGKILL until none is left.

    Args:
        sessions: ids of the sessions that the components lead. Forks stay in them even when they change their group.
        below: gives further processes to end, called with ``recursive=True``.
        grace_s: seconds between the two signals, less if all are gone before.
        ours: a last check of a session's member.
        after: called after each look, to reap.

    Returns:
        How many processes were found at the start.
    """

    def living() -> list[Any]:
        found = {process.pid: process for process in below(recursive=True)}
        found |= {process.pid: process for process in in_sessions(sessions) if ours(process)}
        after()
        return [process for process in found.values() if _lives(process)]

    found = living()
    _send(found, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    left = found
    while (left := living()) and time.monotonic() < deadline:
        time.sleep(0.05)
    while left:
        _send(left, signal.SIGKILL)
        time.sleep(0.05)
        left = living()
    return len(found)


def in_sessions(sessions: set[int]) -> list[Any]:
    """Return the processes that belong to any of the sessions."""
    members = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) in sessions:
                members.append(psutil.Process(pid))
        except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            continue
    return members


def _read_job() -> Job:
    fields = json.loads(sys.stdin.readline())
    return Job(**{**fields, "components": [Component(**component) for component in fields["components"]]})


def _start(component: Component, folder: str) -> int:
    parent = os.getpid()
    with Path(component.log).open("ab") as log:
        process = subprocess.Popen(
            component.command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(parent, signal.SIGTERM),  # noqa: PLW1509
        )
    # The process is reaped by _reap; without this, Popen's own end would warn that it still runs.
    process.returncode = 0
    return process.pid


def end_with_parent(parent: int, number: int) -> None:
    """Ask the kernel to send this process a signal when its parent dies (Linux; nothing elsewhere)."""
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before the kernel knew of the wish
        os.kill(os.getpid(), number)


def _prctl(option: int, value: int) -> None:
    if _LIBC is not None and _LIBC.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def _record(job: Job, running: dict[int, Component]) -> None:
    processes = [
        {"name": component.name, "pid": pid, "created": psutil.Process(pid).create_time()}
        for pid, component in running.items()
    ]
    me = psutil.Process()
    record = {"watchdog": {"pid": me.pid, "created": me.create_time()}, "components": processes}
    fresh = Path(job.record + ".new")
    fresh.write_text(json.dumps(record))
    fresh.replace(job.record)


def _closed(descriptor: int) -> bool:
    """Wait a moment; True if the command has closed its end of the pipe."""
    readable, _, _ = select.select([descriptor], [], [], _LOOK_EVERY_S)
    return bool(readable) and not os.read(descriptor, 1 << 10)


def _reap(running: dict[int, Component]) -> Ended | None:
    """Bury every dead child, adopted ones too; return the first that was a component."""
    first = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return first
        if pid == 0:
            return first
        if pid in running and first is None:
            component = running[pid]
            size = Path(component.log).stat().st_size
            first = Ended(component.name, os.waitstatus_to_exitcode(status), size)


def _lives(process: Any) -> bool:
    try:
        return bool(process.pid != os.getpid() and process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _send(processes: Iterable[Any], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.send_signal(number)


if __name__ == "__main__":
    main()
