"""The folder ``.strata/``: all that a run leaves beside its results, and who is using it now.

airflow/            AIRFLOW_HOME: metadata file, task logs, logs of Airflow's components
root/               the results, if ROOT= names no other place
demo/               the generated snapshot
lock, in-use.json   held and written by the command that has Airflow running
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from standalone.errors import StandaloneError


@dataclass(frozen=True)
class Secrets:
    """What Airflow signs and encrypts with, made once and kept."""

    jwt_secret: str  # 86 characters; Airflow warns below 64
    fernet_key: str
    secret_key: str
    sentences: str  # of the service that the page asks; see strata.similar.service


@dataclass(frozen=True)
class InUse:
    """Which command has Airflow running, and where others find it."""

    command: str  # run or up
    process: int
    url: str = ""  # empty while it is starting
    root: str = ""


@dataclass(frozen=True)
class State:
    """The paths in the state folder."""

    folder: Path

    @property
    def home(self) -> Path:
        """AIRFLOW_HOME."""
        return self.folder / "airflow"

    @property
    def component_logs(self) -> Path:
        """What Airflow's components print, one file each."""
        return self.home / "components"

    @property
    def task_logs(self) -> Path:
        """Airflow's base_log_folder."""
        return self.home / "logs"

    @property
    def database(self) -> Path:
        """Airflow's metadata."""
        return self.home / "airflow.db"

    @property
    def processes(self) -> Path:
        """The watchdog's list of what it started."""
        return self.home / "processes.json"

    @property
    def root(self) -> Path:
        """Where results go by default."""
        return self.folder / "root"

    @property
    def demo(self) -> Path:
        """The generated snapshot's folder."""
        return self.folder / "demo"

    def prepare(self) -> None:
        """Make the folders. What Airflow keeps is for this user alone.

        Raises:
            StandaloneError: the folder cannot be written to.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.home.mkdir(mode=0o700, exist_ok=True)
            self.component_logs.mkdir(exist_ok=True)
            self.task_logs.mkdir(exist_ok=True)
            # Airflow writes a file of all its defaults if there is none, with folder names that break on a "%" in
            # the path; all our settings are environment variables.
            (self.home / "airflow.cfg").write_text(
                "# All settings are environment variables: standalone/variables.py\n"
            )
        except OSError as error:
            raise StandaloneError(f"the state folder {self.folder} cannot be used: {error}") from error

    def secrets(self) -> Secrets:
        """Return the secrets of this folder, made at the first call, readable by this user alone."""
        path = self.home / "secrets.json"
        fresh = Secrets(
            jwt_secret=secrets.token_urlsafe(64),
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            secret_key=secrets.token_urlsafe(32),
            sentences=secrets.token_urlsafe(32),
        )
        try:
            known = json.loads(path.read_text())
        except FileNotFoundError:
            known = {}
        made = replace(fresh, **known)  # a folder of an earlier version may lack one
        if asdict(made) != known:
            write_private(path, json.dumps(asdict(made)))
        return made

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        """Be the one command that has Airflow running. Raises `Taken` if another one is."""
        # The lock ends with the process that holds it, however it ends; the file beside it only informs.
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Taken(self._read_in_use()) from None
            self.tell(InUse(command, os.getpid()))
            try:
                yield
            finally:
                self._in_use.unlink(missing_ok=True)

    def tell(self, in_use: InUse) -> None:
        """Tell other commands where Airflow is."""
        write_private(self._in_use, json.dumps(asdict(in_use)))

    @property
    def _in_use(self) -> Path:
        return self.folder / "in-use.json"

    def _read_in_use(self) -> InUse | None:
        try:
            return InUse(**json.loads(self._in_use.read_text()))
        except FileNotFoundError:  # it has just taken the lock, or is about to let go
            return None


class Taken(Exception):
    """Another command has Airflow running; `by` is None while it does not say so."""

    def __init__(self, by: InUse | None) -> None:
        super().__init__(by)
        self.by = by


def write_private(path: Path, text: str) -> None:
    """Write a file whole, readable by this user alone."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)
