"""On a metadata file that Airflow itself made. If these fail, every start is slow, or goes on with an abandoned run."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from standalone import database
from standalone.errors import StandaloneError
from standalone.state import State
from standalone.variables import Code, Placement, airflow_variables

FAKE = Path(__file__).parent / "fake"


def variables(state: State, **environment: str) -> dict[str, str]:
    code = Code(state.folder, state.folder, state.folder / "plugins")
    now = dt.datetime.now(dt.timezone.utc)
    return airflow_variables(
        {**os.environ, **environment}, state, code, state.secrets(), Placement(1, 1),
        port=1, root="/root", snapshot="", now=now, parse_every_s=30,
    )  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> State:
    found = State(tmp_path / "state")
    found.prepare()
    return found


def rows(state: State, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(state.database)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.airflow
def test_airflow_makes_its_metadata_once_and_an_abandoned_run_is_ended(tmp_path: Path) -> None:
    state = State(tmp_path / "it's 100% émigré's $HOME")
    state.prepare()
    assert database.migrate(state, variables(state))
    assert [path.name for path in state.home.glob("airflow.db*")] == ["airflow.db"]
    assert not database.migrate(state, variables(state))
    columns = {row[1] for table in ("dag_run", "task_instance") for row in rows(state, f"PRAGMA table_info({table})")}
    assert {"run_id", "state"} <= columns
    with closing(sqlite3.connect(state.database)) as connection, connection:
        for run in ("make-run-1", "manual__1"):
            insert(connection, "dag_run", dag_id="fossil_record", run_id=run, state="running", run_type="manual")
            for task, stands in (("shard", "success"), ("embed", "running"), ("cluster", None)):
                insert(connection, "task_instance", dag_id="fossil_record", run_id=run, task_id=task, state=stands)
    assert database.abandon_runs(state.database) == 1
    assert database.abandon_runs(state.database) == 0
    assert set(rows(state, "SELECT run_id, state FROM dag_run")) == {
        ("make-run-1", "failed"),
        ("manual__1", "running"),
    }
    ours = rows(state, "SELECT task_id, state FROM task_instance WHERE run_id = 'make-run-1'")
    assert set(ours) == {("shard", "success"), ("embed", "failed"), ("cluster", "skipped")}
    others = rows(state, "SELECT task_id, state FROM task_instance WHERE run_id = 'manual__1'")
    assert set(others) == {("shard", "success"), ("embed", "running"), ("cluster", None)}


def insert(connection: sqlite3.Connection, table: str, **known: str | None) -> None:
    """Insert a row, with a filling for what must not be empty."""
    needed = {name: kind for _, name, kind, notnull, default, _ in connection.execute(f"PRAGMA table_info({table})")
              if notnull and default is None and name != "state" and (table, name) != ("dag_run", "id")}  # fmt: skip
    filling = {name: uuid.uuid4().hex if "CHAR" in kind else 0 for name, kind in needed.items()}
    values = {**filling, **known}
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


def test_a_new_version_of_airflow_migrates_again(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = variables(state, PYTHONPATH=str(FAKE))
    assert database.migrate(state, fake)
    assert not database.migrate(state, fake)
    with closing(sqlite3.connect(state.database)) as connection, connection:
        connection.execute("INSERT INTO dag_run VALUES ('kept', 'success')")
    monkeypatch.setattr("importlib.metadata.version", lambda package: "3.4.0")
    assert database.migrate(state, fake)
    assert rows(state, "SELECT run_id FROM dag_run") == [("kept",)]


def test_a_lost_metadata_file_is_made_anew(state: State) -> None:
    fake = variables(state, PYTHONPATH=str(FAKE))
    database.migrate(state, fake)
    state.database.unlink()
    assert database.migrate(state, fake)
    assert database.revision(state.database) == "head"


def test_a_failed_migration_says_why_and_spoils_nothing(state: State) -> None:
    database.migrate(state, variables(state, PYTHONPATH=str(FAKE)))
    before = state.database.read_bytes()
    (state.home / "database.json").unlink()
    with pytest.raises(StandaloneError, match="no disk space"):
        database.migrate(state, variables(state, PYTHONPATH=str(FAKE), FAKE="unmigrated"))
    assert state.database.read_bytes() == before
