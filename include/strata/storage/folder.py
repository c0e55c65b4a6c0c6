"""A root on a local or network file system.

Every write goes to a hidden temporary name beside its target and is renamed onto it, so that a reader, a second run or
a crash never meets half a file. What a killed process leaves behind starts with ``.tmp-`` and no reader looks at it.
"""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from strata.storage.protocol import TEMPORARY, Entry, parts_of

_TRIES = 100


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
        entries = []
        for item in _within(self._at(folder)):
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
        return [f"{folder}/{item.name}" for item in _within(self._at(folder)) if item.is_dir()]

    def remove(self, path: str) -> None:
        """Remove a file; an absent one is no error. Folders that are then empty go as well, but for the root."""
        target = self._at(path)
        target.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or another process was faster
            for folder in target.relative_to(self._root).parents:
                if folder.name:
                    (self._root / folder).rmdir()

    def sweep(self, older_than_s: float, *, dry_run: bool) -> Sequence[str]:
        """Remove temporary files and folders that killed processes left; return their paths."""
        before = time.time() - older_than_s
        found = [item for item in _unfinished(self._root) if _modified(item) <= before]
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
        local = target.with_name(f"{TEMPORARY}{uuid.uuid4().hex}-{target.name}")
        _make(local, local.touch)
        try:
            yield local
            _flush(local)
            local.replace(target)
        finally:
            local.unlink(missing_ok=True)

    def publish(self, folder: Path, path: str) -> None:
        """Put a copy of a local folder in the place of what is there: a reader sees the old or the new, whole."""
        target = self._at(path)
        fresh = target.with_name(f"{TEMPORARY}{uuid.uuid4().hex}")
        stale = target.with_name(f"{TEMPORARY}{uuid.uuid4().hex}")
        try:
            _make(fresh, fresh.mkdir)
            for file in sorted(folder.iterdir()):
                # Contents alone: the local folder is its maker's own, the record is for whoever may read the root.
                shutil.copyfile(file, fresh / file.name)
                _flush(fresh / file.name)
            while True:
                if target.exists():
                    if _exchange(fresh, target):
                        return  # what was there is now under the temporary name, and goes
                    with suppress(FileNotFoundError):  # pruned since the look
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


def _make(at: Path, make: Callable[[], object]) -> None:
    """Make a file or folder and those above it, which another process may take away, as empty, at any moment.

    Once it is there they are no longer empty, and stay. That another's ``remove`` comes exactly between the two steps
    is rare; that it does so every time is not believed, and its error raised.
    """
    for left in reversed(range(_TRIES)):
        try:
            at.parent.mkdir(parents=True, exist_ok=True)
            make()
            return
        except (FileNotFoundError, FileExistsError):  # the latter: it was there for mkdir, and gone for its second look
            if not left:
                raise


def _within(folder: Path) -> Sequence[Path]:
    """Return what is right in a folder, sorted; nothing if it is no folder, or none any more."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return ()


def _unfinished(root: Path) -> Sequence[Path]:
    """Return all temporary files and folders below a folder, sorted. Folders that go meanwhile are passed over."""
    return sorted(
        Path(folder, name)
        for folder, folders, files in os.walk(root, onerror=_unless_gone)
        for name in (*folders, *files)
        if name.startswith(TEMPORARY)
    )


def _unless_gone(error: OSError) -> None:
    # A disk's own lost+found may lie in the root: no run wrote what this user may not read.
    if not isinstance(error, (FileNotFoundError, PermissionError)):
        raise error


def _modified(item: Path) -> float:
    """Return when it was changed last, in seconds since 1970; later than any time if it is gone."""
    try:
        return item.stat().st_mtime
    except FileNotFoundError:
        return math.inf


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
