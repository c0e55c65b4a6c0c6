"""PostgreSQL, Redis and an S3 store as processes of the test's own, on free loopback ports, gone with the test."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s3 import free_port, wait_for_port

MISSING = "apt-get install postgresql redis-server (or the like) brings it"


def postgres_programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps it off the PATH."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True), shutil.which("initdb")]
    return next((Path(path).parent for path in found if path), None)


@contextmanager
def postgres() -> Iterator[str]:
    """A database server; gives ``user@host:port/database``."""
    programs, port = postgres_programs(), free_port()
    assert programs is not None
    # It refuses to run as root, and must be able to reach its folder: not inside pytest's, which is root's alone.
    someone = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="strata-postgres-", dir="/tmp" if someone else None) as folder:
        if someone:
            shutil.chown(folder, *someone.values())
        data = Path(folder) / "data"
        log = (Path(folder) / "log").open("w")
        make = [programs / "initdb", "--pgdata", data, "--auth", "trust", "--username", "airflow", "--no-sync"]
        subprocess.run([*map(str, make), "--encoding", "UTF8"], check=True, stdout=log, stderr=log, cwd="/", **someone)
        # Its data need not outlive a crash of the machine.
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        command = [str(programs / "postgres"), "-D", str(data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **someone)
        with _ended(process):
            wait_for_port(port, process)
            _await_connections(port)
            yield f"airflow@127.0.0.1:{port}/postgres"


@contextmanager
def redis() -> Iterator[str]:
    """A broker; gives its address."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="strata-redis-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with _ended(process):
            wait_for_port(port, process)
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_connections(port: int) -> None:
    """Return when the server takes a connection: its port opens before it is ready."""
    import psycopg2

    for _ in range(300):
        with contextlib.suppress(psycopg2.OperationalError, socket.error):
            psycopg2.connect(host="127.0.0.1", port=port, user="airflow", dbname="postgres").close()
            return
        time.sleep(0.1)
    raise AssertionError("PostgreSQL takes no connections")
