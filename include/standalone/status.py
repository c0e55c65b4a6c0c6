"""Task states and progress lines -> how far a run is, in numbers and in a line. Pure: no clock, no file, no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from strata.progress import Progress

STAGES = ("find_snapshot", "shard", "embed", "cluster", "spread", "search", "neighbors", "map", "report", "export")
MAPPED = "embed"

# After this long a stage's own pace, with the gaps between its tasks, tells more than the tasks' momentary rates.
_SETTLED_S = 60.0
_SETTLED_SHARE = 0.02


@dataclass(frozen=True)
class TaskState:
    """One task instance: of a mapped task, one index."""

    task: str
    map_index: int  # -1 if it is not mapped
    state: str | None  # None: not looked at yet by the scheduler
    attempt: int = 0
    name: str = ""  # the shard of a mapped task; empty while it is not known
    started: float | None = None  # seconds since 1970
    ended: float | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from other instances of the run."""
        return self.task, self.map_index


@dataclass(frozen=True)
class Status:
    """How far a run is, by its first unfinished stage."""

    stage: str
    done: int  # tasks of the stage that succeeded
    tasks: int | None  # of how many; None until the snapshot is cut
    running: int
    failed: int
    retrying: int
    started: float | None  # when the stage began, seconds since 1970
    unit: str = ""  # what its progress counts; empty without progress
    units_done: int = 0
    units: int = 0  # of how many, partly estimated
    rate: float = 0.0  # units a second of all running tasks together
    left_s: int | None = None


def status_of(tasks: Sequence[TaskState], progress: Mapping[tuple[str, int], Progress], now: float) -> Status:
    """Return how far a run is.

    Args:
        tasks: all task instances of the run.
        progress: the newest progress of instances that have one, finished ones too.
        now: seconds since 1970.
    """
    stage = _current(tasks)
    of_stage = [task for task in tasks if task.task == stage]
    states = Counter(task.state for task in of_stage)
    not_mapped_yet = stage == MAPPED and all(task.map_index < 0 for task in of_stage)
    begun = [task.started for task in of_stage if task.started is not None]
    status = Status(
        stage=stage,
        done=states["success"],
        tasks=None if not_mapped_yet else len(of_stage),
        running=states["running"],
        failed=states["failed"],
        retrying=states["up_for_retry"],
        started=min(begun, default=None),
    )
    return _with_units(status, of_stage, progress, now)


def stage_times(tasks: Sequence[TaskState]) -> dict[str, float]:
    """Return the wall time of each finished stage in seconds, from its first task's start to its last one's end."""
    times = {}
    for stage in STAGES:
        of_stage = [task for task in tasks if task.task == stage]
        starts = [task.started for task in of_stage if task.started is not None]
        ends = [task.ended for task in of_stage if task.ended is not None]
        if starts and ends and all(task.state == "success" for task in of_stage):
            times[stage] = max(ends) - min(starts)
    return times


def pace_of(stage: str, seconds: float, progress: Mapping[tuple[str, int], Progress]) -> str:
    """Return how much a finished mapped stage had to do and how fast that went; empty if there is nothing to tell.

    Args:
        stage: what it is called.
        seconds: its wall time, see ``stage_times``.
        progress: the last progress of its tasks; one that had nothing to do has none.
    """
    seen = [last for (task, _), last in progress.items() if task == stage]
    total = sum(last.total for last in seen)
    if stage != MAPPED or not total:
        return ""
    return f", {total:,} {seen[0].unit} at {_rate(total / max(seconds, 0.1))} {seen[0].unit}/s"


def describe(status: Status, elapsed_s: float) -> str:
    """Return the status as one line that fits a terminal of 80 columns."""
    parts = []
    if status.stage == MAPPED and status.tasks is not None:
        parts.append(f"{status.done} of {status.tasks} shards")
        if status.units:
            parts.append(f"{status.units_done / status.units:.0%}")
    elif status.units:
        parts.append(f"{status.units_done:,} of {status.units:,} {status.unit}")
    if status.running and status.rate:
        parts.append(f"{_rate(status.rate)} {status.unit}/s")
    if not status.running:
        parts.append("finishing" if status.done == status.tasks else "waiting for its turn")
    if status.left_s is not None:
        parts.append(f"{clock(status.left_s)} left")
    if status.retrying:
        parts.append(f"{status.retrying} to be tried again")
    if status.failed:
        parts.append(f"{status.failed} failed")
    return f"{clock(elapsed_s)} {numbered(status.stage)}: {', '.join(parts) or 'at work'}"


def numbered(stage: str) -> str:
    """Return a stage with its place among all."""
    return f"[{STAGES.index(stage) + 1}/{len(STAGES)}] {stage}"


def clock(seconds: float) -> str:
    """Return a duration as 0:01:30; days count as hours."""
    minutes, second = divmod(max(0, round(seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


def _current(tasks: Sequence[TaskState]) -> str:
    """Return the first stage that is not done, or the one that failed."""
    for stage in STAGES:
        if any(task.state != "success" for task in tasks if task.task == stage):
            return stage
    return STAGES[-1]


def _with_units(
    status: Status, tasks: Sequence[TaskState], progress: Mapping[tuple[str, int], Progress], now: float
) -> Status:
    known = {task.key: progress[task.key] for task in tasks if task.key in progress}
    if not known:
        return status
    done, total = 0, 0
    for task in tasks:
        seen = known.get(task.key)
        if seen:
            done += seen.total if task.state == "success" else seen.done
            total += seen.total
    # A finished task without a line had nothing to do. One that has not begun has as much to do as the others had.
    told = [task for task in tasks if task.key in known or task.state == "success"]
    total += round((len(tasks) - len(told)) * total / len(told))
    rate = sum(known[task.key].rate for task in tasks if task.state == "running" and task.key in known)
    return Status(
        **{
            **vars(status),
            "unit": next(iter(known.values())).unit,
            "units_done": done,
            "units": total,
            "rate": rate,
            "left_s": _left(status, done, total, rate, now),
        }
    )


def _left(status: Status, done: int, total: int, rate: float, now: float) -> int | None:
    """Return the seconds left of the stage, by its pace so far once that is settled, else by the momentary rate."""
    spent = now - status.started if status.started is not None else 0.0
    if spent >= _SETTLED_S and done >= _SETTLED_SHARE * total and done > 0:
        return round((total - done) * spent / done)
    return round((total - done) / rate) if rate > 0 else None


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
