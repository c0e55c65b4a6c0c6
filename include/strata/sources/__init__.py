"""Where snapshots come from.

``locate`` answers which file a user means by ``SNAPSHOT=`` and what its digest is; ``streams`` reads it. A folder or
bucket of one's own is the only source so far: a path to ``.json`` or ``.jsonl``, plain or as ``.gz``, ``.zst`` or
``.zip``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from strata.errors import BadSnapshot

_DIGEST_CHUNK = 1 << 22


@dataclass(frozen=True)
class Source:
    """One snapshot file: where it is, and what tells it from another version of itself."""

    path: Path
    digest: str  # SHA-256 of the file's bytes, hex
    size: int  # bytes
    modified_ns: int

    @property
    def stem(self) -> str:
        """The file's name without its endings, fit for a folder name."""
        stem = re.sub(r"(\.(jsonl?|ndjson|gz|zst|zip))+$", "", self.path.name, flags=re.IGNORECASE)
        return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:60] or "snapshot"


def locate(snapshot: str) -> Source:
    """Find the file that a user names and take its digest.

    Raises:
        BadSnapshot: nothing is named, there is no such file, or it is of a kind that cannot be read.
    """
    if not snapshot.strip():
        raise BadSnapshot(
            "no snapshot is named: fill in the path of arXiv's metadata file (.json, .jsonl, plain or .gz, .zst, .zip)"
        )
    if re.match(r"[a-z0-9]+://", snapshot) or snapshot in {"kaggle", "huggingface"}:
        raise BadSnapshot(f"{snapshot!r}: only files can be read so far; download the snapshot and name its path")
    path = Path(snapshot).expanduser()
    try:
        before = path.stat()
        if not path.is_file():
            raise BadSnapshot(f"{path} is a folder or a device, not a file")
        digest = _sha256(path)
        after = path.stat()
    except FileNotFoundError:
        raise BadSnapshot(f"{path}: no such file") from None
    except PermissionError:
        raise BadSnapshot(f"{path}: may not be read by this user") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadSnapshot(f"{path} is still being written: it changed while it was read")
    return Source(path.resolve(), digest, after.st_size, after.st_mtime_ns)


def unchanged(source: Source) -> bool:
    """Whether the file is still the one that was located."""
    now = source.path.stat()
    return (now.st_size, now.st_mtime_ns) == (source.size, source.modified_ns)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_DIGEST_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
