"""What a root no longer needs: vectors that no kept snapshot uses, old snapshots, work of old runs, leftovers.

Nothing here is lost for good: all of it can be made again from a snapshot, at the price of embedding. Records are never
touched. What was changed in the last days is kept, as a run may be at work on it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from strata import layout
from strata.embed import vectors_path
from strata.storage import Entry, Storage, read_json

log = logging.getLogger(__name__)

_DAY_S = 86_400.0


@dataclass(frozen=True)
class Unused:
    """One file that can go, and why."""

    path: str
    size: int  # bytes
    reason: str


def find_unused(storage: Storage, *, keep_snapshots: int, keep_days: float, now: float | None = None) -> list[Unused]:
    """List what can go, in an order in which no reader meets a manifest without its files.

    Args:
        storage: the root.
        keep_snapshots: this many of the newest snapshots are kept, with their vectors; at least 1.
        keep_days: what was changed in the last days is kept.
        now: seconds since 1970; by default the present.
    """
    before = (time.time() if now is None else now) - keep_days * _DAY_S
    old = _old_snapshots(storage, max(1, keep_snapshots), before)
    return [
        *_of_snapshots(storage, old),
        *_of_unmade_snapshots(storage, before),
        *_of_vectors(storage, old, before),
        *_of_work(storage, before),
        *_of_claims(storage, before),
        *_of_downloads(storage, max(1, keep_snapshots), before),
    ]


def remove(storage: Storage, unused: list[Unused]) -> None:
    """Remove the files, in their order."""
    for file in unused:
        storage.remove(file.path)


def _old_snapshots(storage: Storage, keep: int, before: float) -> list[str]:
    """Return the snapshots that can go; one whose manifest is not there yet is being made."""
    made = []
    for folder in storage.folders("snapshots"):
        for entry in storage.list(folder):
            if entry.path.endswith("/manifest.json"):
                made.append((entry.modified, folder.rpartition("/")[2]))
    made.sort(reverse=True)
    return [name for modified, name in made[keep:] if modified < before]


def _of_snapshots(storage: Storage, old: list[str]) -> Iterator[Unused]:
    for name in old:
        folder = f"snapshots/{name}"
        first = sorted(storage.list(folder), key=lambda entry: not entry.path.endswith("/manifest.json"))
        for entry in [*first, *storage.list(f"{folder}/papers")]:
            yield Unused(entry.path, entry.size, "its snapshot is not among the newest")


def _of_unmade_snapshots(storage: Storage, before: float) -> Iterator[Unused]:
    """Yield what is left of cuts that were killed, or that turned their snapshot away, long ago."""
    for folder in storage.folders("snapshots"):
        entries = [*storage.list(folder), *storage.list(f"{folder}/papers")]
        made = any(entry.path == f"{folder}/manifest.json" for entry in entries)
        if entries and not made and max(entry.modified for entry in entries) < before:
            for entry in entries:
                yield Unused(entry.path, entry.size, "no snapshot was made of it")


def _of_vectors(storage: Storage, old: list[str], before: float) -> Iterator[Unused]:
    contents = set()
    for folder in storage.folders("snapshots"):
        name = folder.rpartition("/")[2]
        if name not in old and storage.exists(layout.snapshot_manifest(name)):
            manifest = read_json(storage, layout.snapshot_manifest(name))
            contents |= {(entry["shard"], entry["content"]) for entry in manifest["shards"]}
    for folder in storage.folders("vectors"):
        directory = folder.rpartition("/")[2]
        used: dict[str, set[str]] = {}
        for entry in storage.list(folder):
            if entry.modified >= before:
                continue
            key = _model_key(storage, entry)
            if key is None:
                yield Unused(entry.path, entry.size, "it cannot be read")
                continue
            if key not in used:
                used[key] = {vectors_path(directory, key, shard, content) for shard, content in contents}
            if entry.path not in used[key]:
                yield Unused(entry.path, entry.size, "no kept snapshot uses these vectors")


def _model_key(storage: Storage, entry: Entry) -> str | None:
    try:
        with storage.open(entry.path) as file:
            return str((pq.read_metadata(file).metadata or {})[b"model_key"].decode())
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        log.warning("%s has no readable footer: %s", storage.uri(entry.path), error)
        return None


def _of_work(storage: Storage, before: float) -> Iterator[Unused]:
    for folder in storage.folders("work"):
        entries = storage.list(folder)
        if entries and max(entry.modified for entry in entries) < before:
            for entry in entries:
                yield Unused(entry.path, entry.size, "the run that it was made for is long over")


def _of_claims(storage: Storage, before: float) -> Iterator[Unused]:
    for entry in storage.list(layout.CLAIMS):
        if entry.modified < before:
            yield Unused(entry.path, entry.size, "the process that left this claim is long gone")


def _of_downloads(storage: Storage, keep: int, before: float) -> list[Unused]:
    fetched = []
    for folder in storage.folders("downloads"):
        entries = storage.list(folder)
        if entries:
            fetched.append((max(entry.modified for entry in entries), entries))
    fetched.sort(key=lambda item: item[0], reverse=True)
    old = [entries for modified, entries in fetched[keep:] if modified < before]
    # source.json says that the file beside it is there: it goes first.
    ordered = [entry for entries in old for entry in sorted(entries, key=lambda e: not e.path.endswith("source.json"))]
    return [Unused(entry.path, entry.size, "newer downloads are kept") for entry in ordered]
