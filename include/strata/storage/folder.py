"""A root on a local or network file system.

Every write goes to a hidden temporary name beside its target and is renamed onto it, so that a reader, a second run or
a crash never meets half a file. What a killed process leaves behind starts with ``.tmp-`` and no reader looks at it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from strata.storage.protocol import TEMPORARY, Entry, parts_of


class Folder:
    """A root on a local or network file system."""

    def __init__(self, root: Path) -> None:
        self.root = str(root.resolve())
        self._root = root.resolve()

    def uri(self, path: str) -> str:
        """Return the absolute path."""
        return str(self._at(path))

    def exists(self, path: str) -> bool:
        """Whether a file is there."""
        return self._at(path).is_file()

    def list(self, folder: str) -> list[Entry]:
        """Return the files right in a folder, sorted by path."""
        at = self._at(folder)
        if not at.is_dir():
            return []
        entries = []
        for item in sorted(at.iterdir()):
            if item.name.startswith(TEMPORARY):
                continue
            try:
                stat = item.stat()
            except FileNotFoundError:  # pruned between the listing and the look
                continue
            if item.is_file():
                entries.append(Entry(f"{folder}/{item.name}", stat.st_size, stat.st_mtime))
        return entries

    def folders(self, folder: str) -> Sequence[str]:
        """Return the paths of the folders right in a folder, sorted."""
        at = self._at(folder)
        if not at.is_dir():
            return []
        return sorted(f"{folder}/{item.name}" for item in at.iterdir() if item.is_dir())

    def remove(self, path: str) -> None:
        """Remove a file; an absent one is no error. A folder that is then empty goes as well."""
        target = self._at(path)
        target.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or another process was faster
            target.parent.rmdir()

    def sweep(self, older_than_s: float, *, dry_run: bool) -> Sequence[str]:
        """Remove temporary files and folders that killed processes left; return their paths."""
        before = time.time() - older_than_s
        found = [item for item in sorted(self._root.rglob(f"{TEMPORARY}*")) if item.stat().st_mtime <= before]
        for item in () if dry_run else found:
            if item.is_dir():
                shutil.rmtree(item)
            else:
                item.unlink(missing_ok=True)
        return [str(item) for item in found]

    def read(self, path: str) -> bytes:
        """Return a file's bytes."""
        return self._at(path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        """Store a file, replacing it whole."""
        with self.writer(path) as local:
            local.write_bytes(data)

    def open(self, path: str) -> Any:
        """Return the file, memory-mapped."""
        return pa.memory_map(str(self._at(path)))

    @contextmanager
    def writer(self, path: str) -> Iterator[Path]:
        """Give a temporary path beside the target; rename it there when the block ends without an error."""
        target = self._at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        local = target.with_name(f"{TEMPORARY}{uuid.uuid4().hex}-{target.name}")
        try:
            yield local
            _flush(local)
            local.replace(target)
        finally:
            local.unlink(missing_ok=True)

    def publish(self, folder: Path, path: str) -> None:
        """Put a copy of a local folder in the place of what is there: a reader sees the old or the new, whole."""
        target = self._at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{TEMPORARY}{uuid.uuid4().hex}")
        stale = target.with_name(f"{TEMPORARY}{uuid.uuid4().hex}")
        try:
            shutil.copytree(folder, fresh)
            for file in fresh.iterdir():
                _flush(file)
            while True:
                if target.exists():
                    if _exchange(fresh, target):
                        return  # what was there is now under the temporary name, and goes
                    target.rename(stale)
                try:
                    fresh.rename(target)
                    return
                except OSError:
                    if not target.exists():
                        raise
                    # Another run published this month between the two renames: replace its record as well.
                    shutil.rmtree(stale, ignore_errors=True)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(stale, ignore_errors=True)

    def _at(self, path: str) -> Path:
        return self._root.joinpath(*parts_of(path))


def _exchange(one: Path, other: Path) -> bool:
    """Let two names change places at once, so that not even a kill leaves one of them empty; False if that cannot be.

    Linux's renameat2 does it, on most local file systems; Python has no name for it, and network file systems do not
    know it. Where it cannot be, a kill between two renames leaves the old record under a temporary name.
    """
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    at_working_folder, exchange = -100, 2
    return renameat2 is not None and not renameat2(
        at_working_folder, os.fsencode(one), at_working_folder, os.fsencode(other), exchange
    )


def _flush(path: Path) -> None:
    # Without this a crash of the machine can leave a renamed file with no contents.
    with path.open("rb") as file:
        os.fsync(file.fileno())
