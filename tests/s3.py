"""A real S3 endpoint on loopback, for the tests: ``rclone serve s3``, whose binary comes as a Python package."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEY, SECRET = "strata-test", "strata-test-secret"


@dataclass(frozen=True)
class Endpoint:
    """A running store: its address, and the folder in which each bucket is a folder and each object a file."""

    url: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What AWS's own tools read to find it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def serving(folder: Path, *buckets: str) -> Iterator[Endpoint]:
    """Start a store with these buckets; end it with the block."""
    for bucket in buckets:
        (folder / bucket).mkdir(parents=True)
    rclone = shutil.which("rclone", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert rclone, "rclone is missing: pip install -r requirements.txt brings it"
    port = free_port()
    command = [rclone, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}", str(folder)]
    # What a test puts into the folder itself is seen in listings after a second.
    command += ["--dir-cache-time", "1s", "--config", os.devnull]
    with (folder.parent / "rclone.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for_port(port, process)
        yield Endpoint(f"http://127.0.0.1:{port}", folder)
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], limit_s: float = 30) -> None:
    """Return when something listens there."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port} after {limit_s} s")
