"""One line of progress, made by a stage and read by whoever follows the run: one format, in one place."""

from __future__ import annotations

import datetime as dt
import logging
import re
import time
from dataclasses import dataclass

_LINE = re.compile(
    r"progress: (?P<stage>\S+) (?P<name>\S+): (?P<done>\d+) of (?P<total>\d+) (?P<unit>\S+), "
    r"(?P<rate>[\d.]+) \S+/s, (?:(?P<days>\d+) days?, )?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d) left"
)


@dataclass(frozen=True)
class Progress:
    """How far one task has come."""

    stage: str
    name: str  # what is worked on: a shard, a month
    done: int
    total: int
    unit: str  # what is counted: papers, lines
    rate: float  # units a second
    left_s: int  # seconds left at this rate


def format_line(progress: Progress) -> str:
    """Return the line for the task's log."""
    left = dt.timedelta(seconds=progress.left_s)
    return (
        f"progress: {progress.stage} {progress.name}: {progress.done} of {progress.total} {progress.unit}, "
        f"{progress.rate:.1f} {progress.unit}/s, {left} left"
    )


def parse_line(line: str) -> Progress | None:
    """Find a progress line in a line of log; None if there is none."""
    found = _LINE.search(line)
    if not found:
        return None
    days, hours, minutes, seconds = (int(found[part] or 0) for part in ("days", "hours", "minutes", "seconds"))
    left = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return Progress(
        stage=found["stage"],
        name=found["name"],
        done=int(found["done"]),
        total=int(found["total"]),
        unit=found["unit"],
        rate=float(found["rate"]),
        left_s=int(left.total_seconds()),
    )


class Reporter:
    """Logs how far a task has come, at most once every few seconds."""

    def __init__(self, log: logging.Logger, stage: str, name: str, total: int, unit: str, every_s: float = 5.0) -> None:
        self._log, self._stage, self._name, self._total, self._unit = log, stage, name, total, unit
        self._every = every_s
        self._start = self._last = time.monotonic()

    def __call__(self, done: int) -> None:
        """Tell the number of units done so far."""
        now = time.monotonic()
        if now - self._last < self._every and done < self._total:
            return
        self._last = now
        rate = done / max(now - self._start, 1e-3)
        left = round((self._total - done) / rate) if rate else 0
        line = format_line(Progress(self._stage, self._name, done, self._total, self._unit, rate, left))
        self._log.info("%s", line)
