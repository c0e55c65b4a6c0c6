"""Following a run whose answers are scripted. If these fail, a person who waits is told too little or nothing."""

from __future__ import annotations

import datetime as dt
import io
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from standalone import follow
from standalone.display import Display
from standalone.ending import failure_text
from standalone.errors import ComponentEnded
from standalone.follow import Outcome
from standalone.processes import Components
from standalone.rest import Api, Unreachable
from standalone.service import Service
from standalone.status import TaskState

LOGS = Path(__file__).parent / "logs"
RUN = "make-run-1"


class Answers:
    """Stands for the API: one step a poll, each the run's state and its tasks, or an error."""

    def __init__(self, *steps: tuple[str, list[dict[str, Any]]] | Unreachable) -> None:
        self._steps = list(steps)

    def get(self, path: str) -> Mapping[str, Any]:
        step = self._steps[0]
        if isinstance(step, Unreachable):
            self._steps.pop(0)
            raise step
        return {"state": step[0]}

    def all(self, path: str, key: str) -> list[dict[str, Any]]:
        step = self._steps.pop(0)
        assert not isinstance(step, Unreachable)
        return step[1]


class Fine:
    """Stands for components that all run."""

    def check(self) -> None:
        pass


def task(name: str, index: int, state: str | None, attempt: int = 1, shard: str | None = None) -> dict[str, Any]:
    start = "2026-11-21T08:00:00Z" if state else None
    return {
        "task_id": name, "map_index": index, "state": state, "try_number": attempt, "rendered_map_index": shard,
        "start_date": start, "end_date": "2026-11-21T08:01:30.500000Z" if state == "success" else None,
    }  # fmt: skip


def told(logs: Path, answers: Answers, *, ours: bool = True) -> tuple[Outcome, str]:
    out = io.StringIO()
    components = cast(Components, Fine()) if ours else None
    service = Service("http://127.0.0.1:1", cast(Api, answers), components, dt.datetime.now(dt.timezone.utc))
    outcome = follow.follow(service, RUN, logs, Display(out, live=False))
    return outcome, out.getvalue()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_POLL_S", 0.0)
    monkeypatch.setattr(follow, "_POLL_SHARE", 0.0)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two shards of which each attempt failed in the same way, and one that was killed."""
    for index, attempt, log in [
        (0, 1, "exception.log"),
        (1, 1, "exception.log"),
        (1, 2, "exception.log"),
        (2, 1, "killed.log"),
    ]:
        path = tmp_path / f"dag_id=fossil_record/run_id={RUN}/task_id=embed/map_index={index}/attempt={attempt}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(LOGS / log, path)
    return tmp_path


def test_each_stage_is_announced_once_when_it_is_done(tmp_path: Path) -> None:
    early = [task("find_snapshot", -1, "success"), task("shard", -1, "running")]
    done = [*(task(name, -1, "success") for name in ("find_snapshot", "shard")), task("embed", 0, "success")]
    outcome, said = told(tmp_path, Answers(("running", early), ("running", early), ("success", done)))
    assert outcome.state == "success"
    assert said.count("find_snapshot: done in 0:01:30\n") == 1
    assert said.count("shard: done in 0:01:30\n") == 1


def test_attempts_that_failed_are_told_with_their_reason_but_the_same_reason_once(logs: Path) -> None:
    tasks = [
        task("embed", 0, "up_for_retry", 1, "00000"),
        task("embed", 1, "running", 3, "00001"),
        task("embed", 2, "up_for_retry", 1, "2"),
    ]
    _, said = told(logs, Answers(("running", tasks), ("running", tasks), ("failed", tasks)))
    reasons = [line for line in said.splitlines() if "will be tried again" in line]
    assert reasons == [
        "embed 00000 failed and will be tried again: ValueError: the planted failure of 00001: 'x' {y}",
        "embed [2] failed and will be tried again: the task's process was ended by SIGKILL, most likely because "
        "memory ran out",
    ]


def test_a_busy_api_server_is_waited_for(tmp_path: Path) -> None:
    busy = Unreachable("timed out")
    outcome, _ = told(tmp_path, Answers(busy, busy, ("success", [task("find_snapshot", -1, "success")])))
    assert outcome.state == "success"


def test_a_borrowed_airflow_that_is_gone_ends_the_wait(tmp_path: Path) -> None:
    with pytest.raises(ComponentEnded, match="does not answer any more"):
        told(tmp_path, Answers(Unreachable("refused", refused=True)), ours=False)


def test_silence_is_not_waited_out_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_SILENT_S", -1.0)
    with pytest.raises(ComponentEnded, match="does not answer any more"):
        told(tmp_path, Answers(Unreachable("timed out")))


def test_the_last_words_name_the_shard_of_a_killed_task_and_its_attempts(logs: Path) -> None:
    outcome, _ = told(
        logs, Answers(("failed", [task("embed", 1, "failed", 2, "1"), task("report", -1, "upstream_failed")]))
    )
    said = failure_text(outcome, logs)
    assert said.startswith("embed 00001 failed at attempt 2, the last:\n\n    ValueError: the planted failure")
    assert "\n    second line\n" in said


def test_a_task_that_never_began_and_a_run_failed_from_outside_have_words_too(tmp_path: Path) -> None:
    never = Outcome(RUN, "failed", [TaskState("shard", -1, "failed", 0)], 1.0)
    assert "shard failed:" in failure_text(never, tmp_path)
    assert "Its log holds no error" in failure_text(never, tmp_path)
    outside = Outcome(RUN, "failed", [TaskState("shard", -1, "skipped")], 1.0)
    assert "marked as failed from outside" in failure_text(outside, tmp_path)
