"""A snapshot's file wherever it lies: a path of this machine, or an object of a bucket that is read by ranges."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from strata.errors import BadSnapshot


@dataclass(frozen=True)
class BucketFile:
    """An object of a bucket, with as much of ``pathlib.Path`` as reading a snapshot needs."""

    uri: str  # s3://bucket/key

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.uri.rpartition("/")[2]

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Return the object as a seekable file that reads ahead."""
        from strata.storage import s3

        if mode != "rb":
            raise ValueError(f"a snapshot is only read, not opened with {mode!r}")
        return cast("IO[bytes]", s3.read_ahead(s3.open_ranges(s3.client(), *self._place())))

    def resolve(self) -> BucketFile:
        """Return itself: an address has no shorter form."""
        return self

    def state(self) -> tuple[int, int]:
        """Return size in bytes and time of the last change in nanoseconds since 1970; raises FileNotFoundError."""
        from strata.storage import s3

        modified, size = s3.look(s3.client(), *self._place())
        return size, int(modified.replace(tzinfo=modified.tzinfo or dt.timezone.utc).timestamp() * 1e9)

    def __str__(self) -> str:
        return self.uri

    def _place(self) -> tuple[str, str]:
        bucket, _, key = self.uri.removeprefix("s3://").partition("/")
        if not bucket or not key:
            raise BadSnapshot(f"{self.uri!r} does not name a file: s3://bucket/key")
        return bucket, key


SnapshotFile = Path | BucketFile


def file_at(place: str) -> SnapshotFile:
    """Return the file at a path or an ``s3://`` address."""
    return BucketFile(place) if place.startswith("s3://") else Path(place).expanduser()


def state(file: SnapshotFile) -> tuple[int, int]:
    """Return a file's size in bytes and the time of its last change in nanoseconds since 1970."""
    if isinstance(file, BucketFile):
        return file.state()
    found = file.stat()
    return found.st_size, found.st_mtime_ns
