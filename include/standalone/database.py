"""Airflow's metadata file: made and migrated by Airflow itself, and only when that is due.

``airflow db migrate`` takes seconds even when there is nothing to do, so the version of Airflow and the revision it
left are noted beside the file. It works on a copy that takes the file's place when it is whole: an interrupted
migration leaves nothing half done.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from importlib import metadata
from pathlib import Path

from standalone.errors import StandaloneError
from standalone.processes import last_lines, run_to_end
from standalone.state import State, write_private
from standalone.variables import database_variable

RUN_ID = "make-run-"  # how the ids of our own runs begin

_PACKAGE = "apache-airflow-core"
_ENDED = "('success', 'failed', 'skipped', 'upstream_failed', 'removed')"


def migrate(state: State, variables: Mapping[str, str]) -> bool:
    """Bring the metadata file to the installed Airflow's schema; True if there was anything to do.

    Raises:
        StandaloneError: Airflow could not make it; with the last lines it printed.
    """
    version = metadata.version(_PACKAGE)
    if _noted(state) == {"airflow": version, "revision": revision(state.database)}:
        return False
    fresh = state.database.with_name("airflow.db.new")
    log = state.component_logs / "db-migrate.log"
    _remove(fresh)
    if state.database.exists():
        _copy(state.database, fresh)
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    status = run_to_end(command, {**variables, **database_variable(fresh)}, state.home, log)
    found = revision(fresh)
    if status != 0 or found is None:
        raise StandaloneError(f"`airflow db migrate` failed:\n{last_lines(log)}\nThe whole log is {log}")
    _settle(fresh)
    _remove(state.database)
    fresh.replace(state.database)
    write_private(_note(state), json.dumps({"airflow": version, "revision": found}))
    return True


def abandon_runs(database: Path) -> int:
    """Mark the runs failed that an earlier command was killed over; return how many.

    The scheduler would go on with them, before the run that is asked for now. So this is done before it starts, and
    without Airflow, in the two columns that say where a run and a task stand. Runs made in the UI are left alone.
    """
    unfinished = "state IN ('queued', 'running') AND run_id LIKE ? || '%'"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            f"UPDATE task_instance SET state = CASE state WHEN 'running' THEN 'failed' ELSE 'skipped' END "
            f"WHERE (state IS NULL OR state NOT IN {_ENDED}) "
            f"AND run_id IN (SELECT run_id FROM dag_run WHERE {unfinished})",
            (RUN_ID,),
        )
        return connection.execute(f"UPDATE dag_run SET state = 'failed' WHERE {unfinished}", (RUN_ID,)).rowcount


def revision(database: Path) -> str | None:
    """Return the schema's revision; None if the file is not there or holds none."""
    if not database.exists():
        return None
    with closing(sqlite3.connect(database)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:  # no such table
            return None
    return None if row is None else str(row[0])


def _note(state: State) -> Path:
    return state.home / "database.json"


def _noted(state: State) -> object:
    try:
        return json.loads(_note(state).read_text())
    except FileNotFoundError:
        return None


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _settle(database: Path) -> None:
    """Bring all that is written into the one file, so that it can be renamed."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _remove(database: Path) -> None:
    for ending in ("-wal", "-shm", ""):
        database.with_name(database.name + ending).unlink(missing_ok=True)
