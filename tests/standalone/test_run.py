"""The whole command against a stand-in for Airflow that answers at once: what is said, exit statuses, what is left.

The same with the real Airflow, which takes minutes, is in ``tests/test_end_to_end.py``.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from standalone.run import Project, execute
from standalone.state import State

REPOSITORY = Path(__file__).parents[2]
FAKE = Path(__file__).parent / "fake"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A checkout's place with a snapshot; what works below it is ended after the test, should the test fail."""
    path = (tmp_path / "it's 100% émigré").resolve()
    path.mkdir()
    (path / "snapshot.jsonl").write_text('{"id": "0704.0001"}\n')
    yield path
    for process in living_below(path):
        process.kill()


def living_below(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            here = Path(process.cwd()).is_relative_to(folder / ".strata")
            if here and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def environment(fake: str = "", **asked: str) -> dict[str, str]:
    asked.setdefault("SNAPSHOT", "snapshot.jsonl")
    return {**os.environ, "PYTHONPATH": str(FAKE), "FAKE": fake, **asked}


def command(folder: Path, fake: str = "", command: str = "run", **asked: str) -> tuple[int, str]:
    out = io.StringIO()
    project = Project.at(REPOSITORY, folder / ".strata")
    return execute(command, project, environment(fake, **asked), folder, out), out.getvalue()


def test_a_run_ends_with_its_record_its_cost_and_three_findings(folder: Path) -> None:
    status, said = command(folder, MONTH="2019-12", SAMPLE="5")
    assert status == 0, said
    record = folder / ".strata" / "root" / "records" / "2019-12"
    assert f"    {record}/\n    {record}/report.html\n" in said
    assert re.search(r"embed +\d:\d\d:\d\d +512 MB", said)
    assert said.endswith("1. first words\n2. second\n3. third\n")
    assert "[3/10] embed: done in" in said
    conf = json.loads((folder / ".strata" / "airflow" / "conf.json").read_text())
    assert conf == {"snapshot": str(folder / "snapshot.jsonl"), "month": "2019-12", "sample": 5}
    assert not living_below(folder)


def test_a_failed_run_ends_with_the_tasks_own_error_and_where_its_log_is(folder: Path) -> None:
    status, said = command(folder, "fails")
    assert status == 1
    assert "embed 00001 failed (so did 1 more):\n\n    ValueError: the planted failure of 00001: 'x' {y}\n" in said
    log = re.search(r"Its whole log is (.*)\n", said)
    assert log is not None
    assert Path(log[1]).is_file()
    assert "Traceback" not in said
    assert not living_below(folder)


@pytest.mark.parametrize(
    ("fake", "reason"),
    [
        ("import", "The DAG cannot be imported:\n\nfossil_record.py:\nImportError: no such thing"),
        ("dies", "Airflow's scheduler ended with exit status 1. Its last lines:\n    the database is gone"),
        ("unmigrated", "`airflow db migrate` failed:\n    no disk space"),
        ("no-record", "The run ended without a record"),
    ],
)
def test_what_goes_wrong_around_the_run_is_said(folder: Path, fake: str, reason: str) -> None:
    status, said = command(folder, fake)
    assert status == 1
    assert reason in said
    assert "Traceback" not in said
    assert not living_below(folder)


def test_what_airflow_refuses_is_said_in_its_first_words(folder: Path) -> None:
    status, said = command(folder, SAMPLE="13")
    assert status == 1
    assert "Airflow refuses the run: Invalid input for param sample: 13 is unlucky\n" in said
    assert "Failed validating" not in said


@pytest.mark.parametrize("asked", ["run", "up"])
def test_nonsense_is_refused_before_anything_is_made(folder: Path, asked: str) -> None:
    status, said = command(folder, command=asked, MONTH="soon")
    assert (status, said) == (2, "MONTH=soon is not a month such as 2019-12\n")
    assert not (folder / ".strata").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "{state} cannot be used: [Errno 28] No space left"),
        (PermissionError(errno.EACCES, "Permission denied", "{state}/demo.new"), "{state} cannot be used: [Errno 13]"),
        (OSError(errno.EIO, "Input/output error", "/far/root"), "/far/root cannot be used: [Errno 5]"),
        (sqlite3.OperationalError("database or disk is full"), "{state} cannot be used: database or disk is full"),
    ],
)
@pytest.mark.parametrize("asked", ["run", "up"])
def test_a_full_disk_is_said_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, asked: str, error: Exception, words: str
) -> None:
    """A page of traceback hides the one thing that its reader can mend."""
    state = str(folder / ".strata")
    if isinstance(error, OSError) and error.filename:
        error = type(error)(error.errno, error.strerror, error.filename.replace("{state}", state))

    def write(target: Path) -> None:
        raise error

    monkeypatch.setattr("strata.synthetic.write_snapshot", write)
    status, said = command(folder, command=asked, SNAPSHOT="")
    assert status == 1
    line = said.splitlines()[-1]
    assert line.startswith(words.replace("{state}", state)), said
    assert not living_below(folder)


def test_a_disk_that_fills_while_the_run_is_followed_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow must be ended, and the run given up, as with any other end."""

    def follow(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("standalone.run.follow", follow)
    status, said = command(folder)
    assert status == 1
    assert said.endswith(f"{folder / '.strata'} cannot be used: database or disk is full\n")
    assert not living_below(folder)


def test_a_reader_that_has_gone_is_left_to_the_caller(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words about it would go to the same closed pipe."""

    def write(target: Path) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("strata.synthetic.write_snapshot", write)
    with pytest.raises(BrokenPipeError):
        command(folder, SNAPSHOT="")


class Shell:
    """The command as a process of its own, as make starts it."""

    def __init__(self, folder: Path, command: str, fake: str = "", **asked: str) -> None:
        include = str(REPOSITORY / "include")
        self.log = folder / f"{command}.txt"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "standalone", command, "--state", str(folder / ".strata")],
                env={**environment(fake, **asked), "PYTHONPATH": f"{include}{os.pathsep}{FAKE}"},
                cwd=folder,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def until(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "fake"), [(signal.SIGINT, "deaf"), (signal.SIGTERM, "slow"), (signal.SIGHUP, "slow")]
)
def test_a_signal_stops_the_run_and_all_its_processes(folder: Path, number: signal.Signals, fake: str) -> None:
    shell = Shell(folder, "run", fake)
    shell.until("find_snapshot")
    assert len(living_below(folder)) >= 4
    shell.process.send_signal(number)
    assert shell.process.wait(60) == 128 + number, shell.said
    assert shell.said.endswith(f"Stopped by {number.name}; nothing is left running.\n")
    assert not living_below(folder)
    # The run was told to end as well: a later start would go on with it.
    assert (folder / ".strata" / "airflow" / "abandoned").read_text() == "failed"


def test_kill_9_leaves_nothing_and_does_not_block_the_next_start(folder: Path) -> None:
    shell = Shell(folder, "run", "slow")
    shell.until("find_snapshot")
    shell.process.kill()
    shell.process.wait()
    status, said = command(folder)
    assert status == 0, said
    assert not living_below(folder)


def test_up_serves_until_it_is_stopped_and_lends_its_airflow_to_a_run(folder: Path) -> None:
    shell = Shell(folder, "up")
    shell.until("Airflow is at http://127.0.0.1:")
    status, said = command(folder)
    assert status == 0, said
    assert "Using the Airflow of `make up` at http://127.0.0.1:" in said
    status, said = command(folder, ROOT="elsewhere")
    assert status == 2
    assert f"this run wants ROOT={folder / 'elsewhere'}" in said
    status, said = command(folder, command="up")
    assert status == 2
    assert f"`make up` (process {shell.process.pid}) is already at work in this checkout" in said
    assert shell.process.poll() is None
    shell.process.send_signal(signal.SIGINT)
    assert shell.process.wait(60) == 0, shell.said
    assert not living_below(folder)


def test_up_shows_why_the_dag_cannot_be_imported_and_serves_on(folder: Path) -> None:
    shell = Shell(folder, "up", "import")
    shell.until("Airflow is at http://127.0.0.1:")
    assert "ImportError: no such thing" in shell.said
    assert shell.process.poll() is None
    shell.process.terminate()
    assert shell.process.wait(60) == 0, shell.said
    assert not living_below(folder)


def test_a_second_run_is_refused_while_the_first_is_at_work(folder: Path) -> None:
    shell = Shell(folder, "run", "slow")
    shell.until("find_snapshot")
    status, said = command(folder)
    assert status == 2
    assert f"`make run` (process {shell.process.pid}) is already at work in this checkout" in said
    shell.process.terminate()
    shell.process.wait(60)


def test_a_reader_that_goes_away_stops_the_run_without_a_traceback(folder: Path) -> None:
    """As in ``make run | head``."""
    include = str(REPOSITORY / "include")
    process = subprocess.Popen(
        [sys.executable, "-m", "standalone", "run", "--state", str(folder / ".strata")],
        env={**environment("slow"), "PYTHONPATH": f"{include}{os.pathsep}{FAKE}"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 1
    assert process.stderr.read() == b""
    process.stderr.close()
    assert not living_below(folder)


def test_the_demo_is_generated_once(folder: Path) -> None:
    status, said = command(folder, SNAPSHOT="")
    assert status == 0, said
    demo = State(folder / ".strata").demo / "arxiv-demo.jsonl"
    made = demo.stat().st_mtime_ns
    assert command(folder, SNAPSHOT="")[0] == 0
    assert demo.stat().st_mtime_ns == made
    conf = json.loads((folder / ".strata" / "airflow" / "conf.json").read_text())
    assert conf == {"snapshot": str(demo), "shard_size": 500}
