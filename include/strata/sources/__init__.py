"""Where snapshots come from.

``locate`` answers which file a user means by ``SNAPSHOT=`` and what its digest is; ``streams`` reads it. The file is a
path of one's own (``.json`` or ``.jsonl``, plain or as ``.gz``, ``.zst`` or ``.zip``), the same at ``s3://``, or comes
from ``kaggle`` or ``huggingface`` into the root's ``downloads``, where the next run and every other worker find it.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import logging
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from strata import layout
from strata.errors import BadSnapshot
from strata.scratch import scratch_folder
from strata.sources.files import SnapshotFile, file_at, state
from strata.storage import Storage, read_json, write_json

log = logging.getLogger(__name__)

_DIGEST_CHUNK = 1 << 22
_KAGGLE = re.compile(r"kaggle(:(?P<version>[1-9][0-9]{0,5}))?")
_HUGGINGFACE = re.compile(r"huggingface(@(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}))?")


@dataclass(frozen=True)
class Source:
    """One snapshot file: where it is, and what tells it from another version of itself."""

    path: SnapshotFile
    digest: str  # SHA-256 of the file's bytes, hex
    size: int  # bytes
    modified_ns: int

    @property
    def stem(self) -> str:
        """The file's name without its endings, fit for a folder name."""
        stem = re.sub(r"(\.(jsonl?|ndjson|gz|zst|zip))+$", "", self.path.name, flags=re.IGNORECASE)
        fit = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", stem))
        return fit.strip("-.").lstrip("-._")[:60] or "snapshot"


def locate(snapshot: str, storage: Storage | None = None) -> Source:
    """Find the snapshot that a user names, fetch it if it must be fetched, and take its digest.

    Args:
        snapshot: a path, ``s3://bucket/key``, ``kaggle`` (the newest), ``kaggle:232`` (a version), ``huggingface`` (the
            newest) or ``huggingface@2024-06-30`` (the newest on or before that day).
        storage: the root, into which snapshots are fetched.

    Raises:
        BadSnapshot: nothing is named, there is no such file, or it is of a kind that cannot be read.
        Unavailable: the source does not answer.
    """
    if not snapshot.strip():
        raise BadSnapshot(
            "no snapshot is named: fill in the path of arXiv's metadata file (.json, .jsonl, plain or .gz, .zst, .zip),"
            " s3://bucket/key, kaggle or huggingface"
        )
    if found := _KAGGLE.fullmatch(snapshot):
        return _from_kaggle(found["version"], _needed(storage, snapshot))
    if found := _HUGGINGFACE.fullmatch(snapshot):
        return _from_huggingface(found["date"], _needed(storage, snapshot))
    if re.match(r"(?!s3:)[a-z0-9]+://", snapshot) or re.match(r"(kaggle|huggingface)[:@]", snapshot):
        raise BadSnapshot(f"{snapshot!r}: known are paths, s3://bucket/key, kaggle[:VERSION], huggingface[@YYYY-MM-DD]")
    try:
        file = file_at(snapshot)
        file.name.encode()  # what is made of it names its source
    except RuntimeError as error:
        raise BadSnapshot(f"{snapshot}: {error}") from error
    except UnicodeEncodeError:
        raise BadSnapshot(f"{snapshot!r}: a file's name must be UTF-8; rename it") from None
    try:
        before = state(file)
        if isinstance(file, Path) and not file.is_file():
            raise BadSnapshot(f"{file} is a folder or a device, not a file")
        digest = _sha256(file)
        after = state(file)
    except (FileNotFoundError, NotADirectoryError):
        raise BadSnapshot(f"{file}: no such file") from None
    except PermissionError:
        raise BadSnapshot(f"{file}: may not be read by this user") from None
    if before != after:
        raise BadSnapshot(f"{file} is still being written: it changed while it was read")
    return Source(file.resolve(), digest, *after)


def unchanged(source: Source) -> bool:
    """Whether the file is still the one that was located."""
    return state(source.path) == (source.size, source.modified_ns)


def _from_kaggle(asked: str | None, storage: Storage) -> Source:
    from strata.sources import kaggle

    version = int(asked) if asked else kaggle.newest_version()
    name = f"kaggle-{version}"
    log.info("Kaggle's version %d of %s", version, kaggle.DATASET)
    with _download_folder(storage, name) as folder:
        if folder is not None:
            file, digest = kaggle.fetch(version, folder)
            _keep(storage, name, file, digest, {"source": "kaggle", "dataset": kaggle.DATASET, "version": version})
    return _kept(storage, name)


def _from_huggingface(asked: str | None, storage: Storage) -> Source:
    from strata.sources import huggingface

    try:
        until = dt.date.fromisoformat(asked) if asked else None
    except ValueError:
        raise BadSnapshot(f"huggingface@{asked}: there is no such day") from None
    commit = huggingface.newest_commit(until)
    name = f"huggingface-{commit.date:%Y%m%d}-{commit.sha[:12]}"
    log.info("the hub's snapshot of %s, commit %s", commit.date.date(), commit.sha)
    with _download_folder(storage, name) as folder:
        if folder is not None:
            file = huggingface.fetch(commit, folder)
            facts = {"source": "huggingface", "commit": commit.sha, "date": commit.date.isoformat()}
            _keep(storage, name, file, _sha256(file), facts)
    return _kept(storage, name)


@contextmanager
def _download_folder(storage: Storage, name: str) -> Iterator[Path | None]:
    """Give the folder in which a download is made and, after an end half-way, gone on with; None: it is already kept.

    Of two runs on this machine that want the same, one downloads and the other waits.
    """
    done = layout.download(name, "source.json")
    if storage.exists(done):
        yield None
        return
    whose = hashlib.sha256(storage.root.encode()).hexdigest()[:8]
    folder = scratch_folder() / f"download-{name}-{whose}"
    # The lock lies beside the folder and stays: the one before takes the folder away while others wait.
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if storage.exists(done):
            yield None
            return
        folder.mkdir(exist_ok=True)
        yield folder
        shutil.rmtree(folder)


def _keep(storage: Storage, name: str, file: Path, digest: str, facts: Mapping[str, object]) -> None:
    with storage.writer(layout.download(name, file.name)) as local:
        shutil.move(file, local)
    # Last: its presence says that the file is there.
    write_json(storage, layout.download(name, "source.json"), {**facts, "file": file.name, "sha256": digest})


def _kept(storage: Storage, name: str) -> Source:
    facts = read_json(storage, layout.download(name, "source.json"))
    file = file_at(storage.uri(layout.download(name, facts["file"])))
    return Source(file, facts["sha256"], *state(file))


def _needed(storage: Storage | None, snapshot: str) -> Storage:
    if storage is None:
        raise BadSnapshot(f"{snapshot}: a root is needed to keep the download in")
    return storage


def _sha256(path: SnapshotFile) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_DIGEST_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
