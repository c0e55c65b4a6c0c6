"""Real processes, ended in every way a command can end. If these fail, a user finds a scheduler still running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from standalone.errors import ComponentEnded, StandaloneError
from standalone.processes import Components, end_leftovers, free_port, last_lines, run_to_end
from standalone.watchdog import Component

INCLUDE = str(Path(__file__).parents[2] / "include")
# A component as bad as they come: deaf to SIGTERM, with a child in a process group of its own that is deaf as well,
# and a grandchild whose parent has gone.
COMPONENT = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def forked(then):
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        then()
        os._exit(0)
    return pid
def orphan():
    forked(lambda: time.sleep(600))
forked(lambda: time.sleep(600))
os.waitpid(forked(orphan), 0)
print("component ready", flush=True)
time.sleep(600)
"""
FAILING = "import time; print('reading'); time.sleep(1); print('disk full', flush=True); raise SystemExit(3)"
RUNNER = """
import os, pathlib, sys, time
from standalone.processes import Components
from standalone.watchdog import Component
folder = pathlib.Path(sys.argv[1])
component = Component("deaf", [sys.executable, "-c", sys.argv[2]], str(folder / "deaf.log"))
with Components([component], os.environ, folder, folder / "processes.json", grace_s=0.2):
    print("started", flush=True)
    time.sleep(600)
"""


def wait_until(true: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def living_in(folder: Path) -> list[int]:
    """Return the processes that work in a folder: the component and all its forks, wherever they belong by now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == folder:
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A working directory whose processes are ended after the test, should the test fail."""
    path = (tmp_path / "it's 100% émigré").resolve()
    path.mkdir()
    yield path
    for pid in living_in(path):
        os.kill(pid, signal.SIGKILL)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": INCLUDE}


def component(folder: Path, code: str = COMPONENT, name: str = "deaf") -> Component:
    return Component(name, [sys.executable, "-c", code], str(folder / f"{name}.log"))


def components(folder: Path, *parts: Component) -> Components:
    return Components(parts, environment(), folder, folder / "processes.json", grace_s=0.2)


def is_ready(folder: Path) -> bool:
    # The component, its child, and the orphaned grandchild.
    log = folder / "deaf.log"
    return log.exists() and "component ready" in log.read_text() and len(living_in(folder)) == 3


def test_the_end_of_the_block_ends_every_process_and_forgets_them(folder: Path) -> None:
    with components(folder, component(folder)) as running:
        wait_until(lambda: is_ready(folder))
        running.check()
        assert (folder / "processes.json").exists()
    assert living_in(folder) == []
    assert not (folder / "processes.json").exists()


def test_an_error_in_the_block_ends_them_too(folder: Path) -> None:
    with pytest.raises(KeyError), components(folder, component(folder)):
        wait_until(lambda: is_ready(folder))
        raise KeyError
    assert living_in(folder) == []


def test_a_component_that_ends_takes_the_others_along_and_is_named_with_its_last_lines(folder: Path) -> None:
    with components(folder, component(folder), component(folder, FAILING, "scheduler")) as running:
        wait_until(lambda: is_ready(folder))
        with pytest.raises(ComponentEnded) as ended:
            while True:
                running.check()
                time.sleep(0.05)
        assert "scheduler ended with exit status 3" in str(ended.value)
        assert "    disk full" in str(ended.value)
        assert str(folder / "scheduler.log") in str(ended.value)
        assert living_in(folder) == []


def test_a_killed_component_is_said_to_be_killed(folder: Path) -> None:
    with components(folder, component(folder)) as running:
        wait_until(lambda: is_ready(folder))
        leader = json.loads((folder / "processes.json").read_text())["components"][0]["pid"]
        os.kill(leader, signal.SIGKILL)
        with pytest.raises(ComponentEnded, match="SIGKILL: the machine may have run out of memory"):
            while True:
                running.check()
                time.sleep(0.05)


def test_the_log_of_the_start_before_is_kept(folder: Path) -> None:
    (folder / "deaf.log").write_text("of yesterday")
    with components(folder, component(folder)):
        wait_until(lambda: is_ready(folder))
    assert (folder / "deaf.previous.log").read_text() == "of yesterday"


def test_a_command_that_does_not_exist_is_an_error_with_a_reason(folder: Path) -> None:
    part = Component("deaf", [str(folder / "missing")], str(folder / "deaf.log"))
    with pytest.raises(StandaloneError, match="No such file"), components(folder, part):
        pass


@pytest.fixture
def runner(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has components running, as the command does."""
    code = [sys.executable, "-c", RUNNER, str(folder), COMPONENT]
    with subprocess.Popen(code, stdout=subprocess.PIPE, env=environment(), text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        wait_until(lambda: is_ready(folder))
        yield process
        process.kill()


def watchdog_of(folder: Path) -> int:
    pid = json.loads((folder / "processes.json").read_text())["watchdog"]["pid"]
    assert isinstance(pid, int)
    return pid


def test_kill_9_of_the_command_leaves_nothing(folder: Path, runner: subprocess.Popen[str]) -> None:
    watchdog = psutil.Process(watchdog_of(folder))
    runner.kill()
    wait_until(lambda: not living_in(folder))
    wait_until(lambda: not watchdog.is_running())
    assert not (folder / "processes.json").exists()


def test_kill_9_of_command_and_watchdog_is_mended_by_the_next_start(
    folder: Path, runner: subprocess.Popen[str]
) -> None:
    os.kill(watchdog_of(folder), signal.SIGKILL)
    runner.kill()
    runner.wait()
    assert end_leftovers(folder / "processes.json", folder) == 3
    assert living_in(folder) == []
    assert end_leftovers(folder / "processes.json", folder) == 0


def test_the_next_start_waits_for_a_watchdog_that_is_still_at_work(folder: Path, runner: subprocess.Popen[str]) -> None:
    runner.kill()
    runner.wait()
    end_leftovers(folder / "processes.json", folder)
    assert living_in(folder) == []


def test_kill_9_of_the_watchdog_is_noticed_and_mended_by_the_command(folder: Path) -> None:
    with components(folder, component(folder)) as running:
        wait_until(lambda: is_ready(folder))
        os.kill(watchdog_of(folder), signal.SIGKILL)
        with pytest.raises(ComponentEnded, match="from outside"):
            while True:
                running.check()
                time.sleep(0.05)
    assert living_in(folder) == []


def test_a_stranger_that_got_a_process_id_of_ours_is_spared(folder: Path, tmp_path: Path) -> None:
    """After a reboot the ids in the file belong to anybody."""
    stranger = subprocess.Popen(["sleep", "600"], cwd=tmp_path, start_new_session=True)
    record = folder / "processes.json"
    gone = {"pid": stranger.pid, "created": 1.0}
    record.write_text(json.dumps({"watchdog": gone, "components": [{"name": "scheduler", **gone}]}))
    assert end_leftovers(record, folder) == 0
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_short_command_returns_its_status_and_its_output(folder: Path) -> None:
    log = folder / "log"
    assert run_to_end([sys.executable, "-c", "print('said'); raise SystemExit(4)"], environment(), folder, log) == 4
    assert last_lines(log) == "    said"


def test_a_short_command_does_not_outlive_an_interrupted_caller(folder: Path) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_to_end(["sleep", "600"], environment(), folder, folder / "log")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert living_in(folder) == []


def test_a_taken_port_is_not_chosen() -> None:
    port = free_port()
    assert free_port(port) == port
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert free_port(port) != port
