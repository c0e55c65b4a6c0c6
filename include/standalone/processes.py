"""Airflow's processes as the command sees them: started through the watchdog, ended, and what was left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil  # type: ignore[import-untyped]

from standalone.errors import ComponentEnded, StandaloneError
from standalone.variables import LOOPBACK
from standalone.watchdog import Component, Ended, Job, end_all, end_with_parent

_GRACE_S = 3.0
# The watchdog's own time to end: the grace, and some for a loaded machine.
_WATCHDOG_S = _GRACE_S + 12.0
_SHOWN_LINES = 15
_SHOWN_COLUMNS = 200


class Components:
    """Airflow's components under their watchdog; a context that leaves no process behind."""

    def __init__(
        self, components: Sequence[Component], variables: Mapping[str, str], folder: Path, record: Path,
        grace_s: float = _GRACE_S,
    ) -> None:  # fmt: skip
        self._logs = {component.name: Path(component.log) for component in components}
        self._record, self._folder = record, folder
        self._job = Job(list(components), str(folder), str(record), grace_s)
        self._variables = dict(variables)
        self._watchdog: subprocess.Popen[str] | None = None

    def __enter__(self) -> Components:
        log = self._folder / "watchdog.log"
        for path in self._logs.values():
            _keep_previous(path)
        with log.open("w") as errors:
            self._watchdog = subprocess.Popen(
                [sys.executable, "-m", "standalone.watchdog"],
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # Ctrl-C in a terminal goes to the command's group only; the command then ends the watchdog.
                start_new_session=True,
            )
        try:
            assert self._watchdog.stdin is not None
            assert self._watchdog.stdout is not None
            with contextlib.suppress(BrokenPipeError):  # it has ended already: no line comes back
                self._watchdog.stdin.write(json.dumps(asdict(self._job)) + "\n")
                self._watchdog.stdin.flush()
            if "started" not in self._watchdog.stdout.readline():
                self.end()  # its log is whole only then
                raise StandaloneError(f"Airflow could not be started:\n{last_lines(log)}")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def check(self) -> None:
        """Return if all components run.

        Raises:
            ComponentEnded: one does not; says which, how it ended, and its last lines.
        """
        assert self._watchdog is not None
        if self._watchdog.poll() is None:
            return
        ended = self._last_words()
        if ended is None or ended.component is None:
            raise ComponentEnded("the process that watches over Airflow was ended from outside")
        log = self._logs[ended.component]
        how = f"Airflow's {ended.component} {_how(ended.status)}"
        # What its children wrote after its end says nothing about it.
        raise ComponentEnded(f"{how}. Its last lines:\n{last_lines(log, ended.log_bytes)}\nThe whole log is {log}")

    def end(self) -> None:
        """End all processes; returns when none is left."""
        if self._watchdog is None:
            return
        assert self._watchdog.stdin is not None
        with _undisturbed():
            with contextlib.suppress(BrokenPipeError):  # it is already gone, with an unread job in the pipe
                self._watchdog.stdin.close()
            try:
                self._watchdog.wait(_WATCHDOG_S)
            except subprocess.TimeoutExpired:
                self._watchdog.kill()
                self._watchdog.wait()
            end_leftovers(self._record, self._folder)

    def _last_words(self) -> Ended | None:
        assert self._watchdog is not None
        assert self._watchdog.stdout is not None
        lines = self._watchdog.stdout.read().splitlines()
        return Ended(**json.loads(lines[-1])) if lines else None


def end_leftovers(record: Path, folder: Path) -> int:
    """End what an earlier command and its watchdog left running when both were killed; return how many processes.

    Args:
        record: the watchdog's list of what it started; no file, nothing left.
        folder: the working directory of all components. A process id may belong to someone else by now, so only
            processes that are in a session of ours *and* work in this folder are ended.
    """
    try:
        left = json.loads(record.read_text())
    except FileNotFoundError:
        return 0
    _await(left["watchdog"])
    sessions = {component["pid"] for component in left["components"]}
    home = folder.resolve()
    count = end_all(sessions, lambda recursive: [], _GRACE_S, ours=lambda process: _works_in(process, home))
    record.unlink(missing_ok=True)
    return count


def run_to_end(command: Sequence[str], variables: Mapping[str, str], folder: Path, log: Path) -> int:
    """Run a short command with its output in a file; return its exit status. It does not outlive this process."""
    parent = os.getpid()
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            env=dict(variables),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(parent, signal.SIGKILL),  # noqa: PLW1509
        )
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port(wanted: int | None = None) -> int:
    """Return a port that nobody listens on: the wanted one if it is free, else one of the system's choice."""
    for port in filter(None, [wanted]):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
                return port
            except OSError:
                continue
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def last_lines(log: Path, size: int | None = None) -> str:
    """Return the end of a log file, or of its first bytes, indented."""
    text = log.read_bytes()[:size].decode(errors="replace") if log.exists() else ""
    lines = text.rstrip().splitlines()[-_SHOWN_LINES:]
    return "\n".join(f"    {textwrap.shorten(line, _SHOWN_COLUMNS)}" for line in lines) or "    (nothing)"


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back signals: a second Ctrl-C must not cut short the ending of processes."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _keep_previous(log: Path) -> None:
    if log.exists():
        log.replace(log.with_name(f"{log.stem}.previous{log.suffix}"))


def _how(status: int | None) -> str:
    if status is None or status >= 0:
        return f"ended with exit status {status}"
    name = signal.Signals(-status).name
    return f"was ended by {name}" + (": the machine may have run out of memory" if name == "SIGKILL" else "")


def _await(watchdog: dict[str, Any]) -> None:
    """Let a watchdog that is still at its last work finish it; end one that does not."""
    deadline = time.monotonic() + _WATCHDOG_S
    try:
        process = psutil.Process(watchdog["pid"])
        while process.is_running() and process.create_time() == watchdog["created"]:
            if process.status() == psutil.STATUS_ZOMBIE:
                return
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.05)
    except psutil.NoSuchProcess:
        return


def _works_in(process: Any, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
