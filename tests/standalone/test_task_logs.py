"""On log files that Airflow 3.3.2 wrote. If these fail, a red run ends without its reason, or shows no progress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from standalone.task_logs import TaskError, find_error, log_path, newest_progress
from strata.progress import Progress

LOGS = Path(__file__).parent / "logs"


def test_the_path_is_airflows_own() -> None:
    path = log_path(Path("/logs"), "fossil_record", "make-run-1", "embed", 3, 2)
    assert str(path) == "/logs/dag_id=fossil_record/run_id=make-run-1/task_id=embed/map_index=3/attempt=2.log"
    path = log_path(Path("/logs"), "fossil_record", "make-run-1", "shard", -1, 1)
    assert str(path) == "/logs/dag_id=fossil_record/run_id=make-run-1/task_id=shard/attempt=1.log"


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("exception.log", TaskError("ValueError", "the planted failure of 00001: 'x' {y}\nsecond line")),
        (
            "exception-with-cause.log",
            TaskError("RuntimeError", "while reading the vectors of 00000\nline two é", ("KeyError: 'no'",)),
        ),
        ("killed.log", TaskError("", "the task's process was ended by SIGKILL, most likely because memory ran out")),
        ("aborted.log", TaskError("", "the task's process was ended by SIGABRT")),
        ("exit-status.log", TaskError("", "the task's process ended with exit status 3")),
    ],
)
def test_the_tasks_own_error_is_found(log: str, error: TaskError) -> None:
    assert find_error(LOGS / log) == error


def test_a_task_that_did_well_has_no_error() -> None:
    assert find_error(LOGS / "success.log") is None


def test_a_task_that_never_wrote_has_neither_error_nor_progress(tmp_path: Path) -> None:
    assert find_error(tmp_path / "missing.log") is None
    assert newest_progress(tmp_path / "missing.log") is None


def test_what_a_task_printed_to_stderr_counts_only_without_an_exception(tmp_path: Path) -> None:
    log = tmp_path / "log"
    printed = json.dumps({"level": "error", "event": "Bus error", "logger": "task.stderr"})
    log.write_text(printed + "\n")
    assert find_error(log) == TaskError("", "Bus error")
    log.write_text((LOGS / "exception.log").read_text() + printed + "\n")
    found = find_error(log)
    assert found is not None
    assert found.kind == "ValueError"


def test_the_newest_progress_is_the_last_line_of_it() -> None:
    assert newest_progress(LOGS / "success.log") == Progress("embed", "00003", 500, 500, "papers", 100.0, 0)
    assert newest_progress(LOGS / "killed.log") == Progress("embed", "00001", 200, 500, "papers", 100.0, 3)


def test_a_line_that_is_still_being_written_is_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "log"
    whole = (LOGS / "success.log").read_bytes()
    cut = whole.index(b"300 of 500") + 5
    log.write_bytes(whole[:cut])
    found = newest_progress(log)
    assert found is not None
    assert found.done == 200


def test_progress_is_found_at_the_end_of_a_long_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    line = json.dumps({"level": "info", "event": "a warning é " * 20}) + "\n"
    log.write_text(line * 2000 + (LOGS / "killed.log").read_text(), encoding="utf-8")
    found = newest_progress(log)
    assert found is not None
    assert found.done == 200


def test_a_damaged_log_is_no_reason_to_fail(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b'\xff\xfe "error"\n["error"]\n{"level": "error"\n"progress: "\n{"event": 5, "x": "progress: "}\n')
    assert find_error(log) is None
    assert newest_progress(log) is None
