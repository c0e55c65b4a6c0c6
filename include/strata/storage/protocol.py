"""What the pipeline asks of a root, whichever kind it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from strata.errors import BadRequest

TEMPORARY = ".tmp-"  # how the names of unfinished files begin; no reader looks at them


def parts_of(path: str) -> tuple[str, ...]:
    """Return a path's parts.

    Raises:
        BadRequest: the path leads out of the root.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise BadRequest(f"{path!r} leads out of the root")
    return parts


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

    def folders(self, folder: str) -> Sequence[str]:
        """Return the paths of the folders right in a folder, sorted, those of unfinished work among them."""

    def remove(self, path: str) -> None:
        """Remove a file; an absent one is no error."""

    def sweep(self, older_than_s: float, *, dry_run: bool) -> Sequence[str]:
        """Remove what killed processes left half made; return its names."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises FileNotFoundError."""

    def write(self, path: str, data: bytes) -> None:
        """Store a file, replacing it whole if it is there."""

    def open(self, path: str) -> Any:
        """Return a seekable binary file (an Arrow NativeFile) that reads only the ranges asked for.

        Raises FileNotFoundError.
        """

    def writer(self, path: str) -> Any:
        """Context manager: a local path to write to; the file is stored when the block ends without an error."""

    def publish(self, folder: Path, path: str) -> None:
        """Store a local folder's files under a path in the place of what is there, which stays until all are stored."""
