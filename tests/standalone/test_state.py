"""If these fail, secrets can be read by others, or two commands run two schedulers on one metadata file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from standalone.errors import StandaloneError
from standalone.state import InUse, State, Taken


@pytest.fixture
def state(tmp_path: Path) -> State:
    found = State(tmp_path / "state")
    found.prepare()
    return found


def test_secrets_are_kept_long_enough_and_private(state: State) -> None:
    secrets = state.secrets()
    assert len(secrets.jwt_secret) >= 64
    assert state.secrets() == secrets
    assert (state.home / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert state.home.stat().st_mode & 0o077 == 0
    assert State(state.folder.parent / "other").home != state.home


def test_two_folders_have_different_secrets(state: State, tmp_path: Path) -> None:
    other = State(tmp_path / "other")
    other.prepare()
    assert other.secrets() != state.secrets()


def test_a_second_command_learns_who_was_first(state: State) -> None:
    with state.hold("up"):
        state.tell(InUse("up", 1, "http://127.0.0.1:8080", "/root"))
        with pytest.raises(Taken) as taken, state.hold("run"):
            pass
        assert taken.value.by == InUse("up", 1, "http://127.0.0.1:8080", "/root")
    with state.hold("run"):
        pass


def test_a_killed_command_holds_nothing(state: State) -> None:
    code = (
        "import pathlib, sys, time; from standalone.state import State\n"
        "with State(pathlib.Path(sys.argv[1])).hold('run'): print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(state.folder)], stdout=subprocess.PIPE, env=_environment()
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(Taken), state.hold("run"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with state.hold("run"):
        pass


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StandaloneError, match="file"):
        State(tmp_path / "file").prepare()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "include")}
