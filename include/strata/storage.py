"""The root of all data: a local folder. Files appear whole or not at all.

Every write goes to a hidden temporary name beside its target and is renamed onto it, so that a reader, a second run or
a crash never meets half a file. What a killed process leaves behind starts with ``.tmp-`` and no reader looks at it.
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from strata.errors import BadRequest

log = logging.getLogger(__name__)

_TEMPORARY = ".tmp-"


@dataclass(frozen=True)
class Entry:
    """One stored file."""

    path: str  # relative to the root
    size: int  # bytes
    modified: float  # seconds since 1970


class Storage(Protocol):
    """What the pipeline asks of a root. Paths are relative and use forward slashes."""

    root: str

    def uri(self, path: str) -> str:
        """Return the full name of a path, for people and logs."""

    def exists(self, path: str) -> bool:
        """Whether a whole file is stored there."""

    def list(self, folder: str) -> list[Entry]:
        """Return the files right in a folder, sorted by path; an absent folder is empty."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises FileNotFoundError."""

    def write(self, path: str, data: bytes) -> None:
        """Store a file, replacing it whole if it is there."""

    def open(self, path: str) -> Any:
        """Return a seekable binary file (an Arrow NativeFile) that reads only the ranges asked for."""

    def writer(self, path: str) -> Any:
        """Context manager: a local path to write to; the file is stored when the block ends without an error."""

    def publish(self, folder: Path, path: str) -> None:
        """Store a local folder's files under a path, replacing what is there in one step."""


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
            if item.name.startswith(_TEMPORARY):
                continue
            try:
                stat = item.stat()
            except FileNotFoundError:  # pruned between the listing and the look
                continue
            if item.is_file():
                entries.append(Entry(f"{folder}/{item.name}", stat.st_size, stat.st_mtime))
        return entries

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
        local = target.with_name(f"{_TEMPORARY}{uuid.uuid4().hex}-{target.name}")
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
        fresh = target.with_name(f"{_TEMPORARY}{uuid.uuid4().hex}")
        stale = target.with_name(f"{_TEMPORARY}{uuid.uuid4().hex}")
        try:
            shutil.copytree(folder, fresh)
            for file in fresh.iterdir():
                _flush(file)
            while True:
                if target.exists():
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
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts:
            raise BadRequest(f"{path!r} leads out of the root")
        return self._root.joinpath(*parts)


def connect(root: str) -> Storage:
    """Return the storage of a root: so far a local folder, which is made if it is not there.

    Raises:
        BadRequest: the root is empty or of a scheme that is not known.
    """
    if not root.strip():
        raise BadRequest("no root is set: STRATA_ROOT must name the folder for shards, vectors and records")
    if "://" in root:
        raise BadRequest(f"root: {root!r} is not a folder; other storage is not supported yet")
    path = Path(root).expanduser()
    path.mkdir(parents=True, exist_ok=True)
    return Folder(path)


def read_json(storage: Storage, path: str) -> Any:
    """Return a stored JSON document."""
    return orjson.loads(storage.read(path))


def write_json(storage: Storage, path: str, document: Any) -> None:
    """Store a document as indented JSON with sorted keys, so that equal documents are equal files."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    storage.write(path, orjson.dumps(document, option=options))


def read_table(storage: Storage, path: str, columns: list[str] | None = None) -> pa.Table:
    """Return a stored Parquet table, or only some of its columns; every page's checksum is verified."""
    with storage.open(path) as file:
        return pq.ParquetFile(file, page_checksum_verification=True).read(columns=columns)


def write_parquet(table: pa.Table, path: Path, **options: Any) -> None:
    """Write a table the way all of ours are: zstd, checksummed pages, the same bytes for the same rows."""
    pq.write_table(table, path, compression="zstd", write_page_checksum=True, **options)


def _flush(path: Path) -> None:
    # Without this a crash of the machine can leave a renamed file with no contents.
    with path.open("rb") as file:
        os.fsync(file.fileno())
