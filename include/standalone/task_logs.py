"""Airflow's task log files, one JSON object a line: how far a task is, and why it failed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strata.progress import Progress, parse_line

_TAIL_BYTES = 64 << 10
# An error is looked for from the end; a log of this size holds hours of progress lines.
_ERROR_BYTES = 8 << 20
_MARKS = ('"error"', '"critical"', '"exit_code"')  # spares the parsing of all other lines


@dataclass(frozen=True)
class TaskError:
    """Why a task failed."""

    kind: str  # the exception's class, or empty if no exception was logged
    message: str
    causes: tuple[str, ...] = ()  # "kind: message" of what it came from, the nearest first

    @property
    def headline(self) -> str:
        """The first line of what a traceback would end with."""
        text = f"{self.kind}: {self.message}" if self.kind else self.message
        return text.partition("\n")[0]


def log_path(logs: Path, dag: str, run: str, task: str, map_index: int, attempt: int) -> Path:
    """Return where Airflow writes the log of one attempt (its default ``log_filename_template``)."""
    folder = logs / f"dag_id={dag}" / f"run_id={run}" / f"task_id={task}"
    if map_index >= 0:
        folder /= f"map_index={map_index}"
    return folder / f"attempt={attempt}.log"


def newest_progress(log: Path) -> Progress | None:
    """Return the last progress line in a task's log, if there is one near its end."""
    for line in reversed(_tail(log, _TAIL_BYTES)):
        if "progress: " not in line:
            continue
        event = _parse(line).get("event", "")
        found = parse_line(event) if isinstance(event, str) else None
        if found:
            return found
    return None


def find_error(log: Path) -> TaskError | None:
    """Return why the task failed: its last logged exception, else the last line that reports an error."""
    reported = None
    for line in reversed(_tail(log, _ERROR_BYTES)):
        if not any(mark in line for mark in _MARKS):
            continue
        entry = _parse(line)
        details = entry.get("error_detail")
        if isinstance(details, list) and details:
            return _from_exception(details)
        if entry.get("signal_name"):
            return TaskError("", _killed(str(entry["signal_name"])))
        if entry.get("exit_code"):
            return TaskError("", f"the task's process ended with exit status {entry['exit_code']}")
        if entry.get("level") in ("error", "critical") and reported is None:
            reported = TaskError("", str(entry.get("event", "")).strip())
    return reported


def _killed(signal_name: str) -> str:
    reason = ", most likely because memory ran out" if signal_name == "SIGKILL" else ""
    return f"the task's process was ended by {signal_name}{reason}"


def _from_exception(details: list[Any]) -> TaskError:
    chain = [(str(part.get("exc_type", "")), str(part.get("exc_value", "")).strip()) for part in details]
    kind, message = chain[0]
    return TaskError(kind, message, tuple(f"{cause}: {text}" for cause, text in chain[1:]))


def _tail(log: Path, count: int) -> list[str]:
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - count))
            data = file.read()
    except FileNotFoundError:  # the task has not begun to write
        return []
    return list(_whole_lines(data, cut=size > count))


def _whole_lines(data: bytes, cut: bool) -> Iterator[str]:
    lines = data.split(b"\n")
    # The first line is cut off by the reading, the last one may still be being written.
    for line in lines[1 if cut else 0 :]:
        if line:
            yield line.decode(errors="replace")


def _parse(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}
