"""A snapshot -> time-ordered shards and a manifest that accounts for every line, in constant memory.

Papers are ordered by first submission (date, then id) and cut into shards of 10,000: layers of time. arXiv never takes
an id back and papers only arrive later, so a shard below the top keeps its members from month to month.

The sort is external. Each parsed block goes to scratch at once, cut by calendar month; at the end the months are read
back in order, one at a time, and only then put in order themselves. A snapshot is nearly in order of time, so a block
touches few months.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from strata import layout, papers
from strata.ahead import map_ahead
from strata.allowance import peak_memory, processors
from strata.errors import BadSnapshot
from strata.parsing import Parsed, Parser, parse_all
from strata.progress import Reporter
from strata.scratch import temporary_folder
from strata.sources import Source, unchanged
from strata.sources.streams import Block, TooLong, Truncated, read
from strata.storage import Storage, read_json, write_json, write_parquet

log = logging.getLogger(__name__)

_SHOWN = 5
_MOST_RUNS = 32  # of one month in a block, before it is put in order: a batch each costs less than copying the texts
# Every id, title and abstract differs from the next, so a dictionary of them would cost time and space.
_REPEATED = ["categories.list.element", "primary", "archive", "date", "flags.list.element"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Selection:
    """Which papers of a snapshot are taken, and how they are cut."""

    categories: tuple[str, ...] = ()  # none means all
    sample: int | None = None  # this many papers, those with the lowest seeded hash of their id
    seed: int = 0
    shard_size: int = 10_000


def snapshot_name(source: Source, selection: Selection) -> str:
    """Return the folder name of a snapshot cut in this way: its file's name, and a digest of all that decides it."""
    seed = None if selection.sample is None else selection.seed
    decides = [source.digest, selection.categories, selection.sample, seed, selection.shard_size, papers.SCHEMA_VERSION]
    return f"{source.stem}-{hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:12]}"


def content_digest(ids: list[str], text_hashes: list[str]) -> str:
    """Return the SHA-256 of a shard's ordered (id, text hash) pairs: what its vectors depend on beside the model."""
    pairs = "".join(f"{paper}\t{text}\n" for paper, text in zip(ids, text_hashes, strict=True))
    return hashlib.sha256(pairs.encode()).hexdigest()


def shard_snapshot(
    source: Source, selection: Selection, storage: Storage, *, max_refused: float = 0.01
) -> dict[str, Any]:
    """Cut a snapshot into shards and write its manifest; if that is already done, only read the manifest.

    Args:
        source: the located file.
        selection: which papers to take, and how many make a shard.
        storage: the root.
        max_refused: the largest share of refused lines that is accepted, 0 to 1; with 1 even an archive that breaks
            off is taken as far as it can be read.

    Returns:
        The manifest. ``lines`` read = ``papers`` + ``refused`` + ``not_selected``.

    Raises:
        BadSnapshot: more lines are refused than allowed, the archive breaks off, the file changes meanwhile, or no
            paper is left. All refusals are then listed in ``refused-manifest.json``.
    """
    name = snapshot_name(source, selection)
    if storage.exists(layout.snapshot_manifest(name)):
        log.info("snapshot %s is already cut into shards", name)
        found = dict(read_json(storage, layout.snapshot_manifest(name)))
        # It may have been cut for somebody who accepts more refusals, or an archive that breaks off.
        _check(found, papers.TRUNCATED_ARCHIVE in found["refused_by_reason"], max_refused, storage)
        return found
    start = time.monotonic()
    with temporary_folder("shards") as scratch:
        spill = _Spill(Path(scratch))
        books = _read_lines(source, selection, spill)
        kept = books.settle(selection.sample)
        if not unchanged(source):
            raise BadSnapshot(f"{source.path} changed while it was read")
        manifest = _manifest(name, source, selection, books, int(kept.sum()))
        _check(manifest, books.truncated, max_refused, storage)
        flags: Counter[str] = Counter()
        tables = enumerate(spill.shards(kept, selection.shard_size))
        # Packing a shard takes far longer than putting it together, and leaves Python's lock free.
        for entry, found in map_ahead(lambda job: _store(*job, name, storage), tables, processors(), processors()):
            manifest["shards"].append(entry)
            flags.update(found)
    manifest["flags"] = dict(flags)
    manifest["first_date"] = manifest["shards"][0]["first_date"]
    manifest["last_date"] = manifest["shards"][-1]["last_date"]
    memory = books.memory | {os.getpid(): peak_memory()}  # parsers in processes of their own run side by side
    manifest["cost"] = {"seconds": round(time.monotonic() - start, 2), "peak_memory": sum(memory.values())}
    # Last: its presence says that all shards are there.
    write_json(storage, layout.snapshot_manifest(name), manifest)
    return manifest


@dataclass
class _Books:
    """What became of every line; 25 bytes a paper, so that 2.7 million cost 70 MB."""

    lines: int = 0
    refusals: list[tuple[int, str, str]] = field(default_factory=list)
    parts: list[tuple[np.ndarray[Any, Any], ...]] = field(default_factory=list)
    truncated: bool = False
    memory: dict[int, int] = field(default_factory=dict)  # peak of each process that parsed, bytes

    def add(self, parsed: Parsed) -> None:
        """Enter one block."""
        self.lines = parsed.last_line
        self.refusals += parsed.refused
        self.memory[parsed.process] = parsed.peak_memory
        self.parts.append((parsed.lines, parsed.key_high, parsed.key_low, parsed.wanted))

    def settle(self, sample: int | None) -> Mask:
        """Decide which papers stay: the last of each id, of wanted categories, and in the sample.

        Returns:
            Whether the paper on each line stays, indexed by line number. Earlier lines of the same id are refused.
        """
        kept = np.zeros(self.lines + 1, bool)
        if not self.parts:
            return kept
        lines, high, low, wanted = (np.concatenate(column) for column in zip(*self.parts, strict=True))
        order = np.lexsort((lines, low, high))
        lines, high, low, wanted = lines[order], high[order], low[order], wanted[order]
        again = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
        for earlier in np.flatnonzero(again):
            self.refusals.append((int(lines[earlier]), papers.SUPERSEDED, f"by line {lines[earlier + 1]}"))
        stays = wanted & np.append(~again, True)
        if sample is not None:
            # The rows are in the order of the digest, so the sample is simply the first of them.
            stays[np.flatnonzero(stays)[sample:]] = False
        kept[lines[stays]] = True
        self.refusals.sort()
        return kept


class _Spill:
    """Papers on their way from the file's order to the order of time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "papers.arrow"
        self._writer: pa.RecordBatchFileWriter | None = None
        self._batches = 0
        self._months: dict[int, list[int]] = defaultdict(list)  # month -> its batches in the file

    def add(self, table: pa.Table) -> None:
        """Take the papers of one block, in any order; none at all does no harm."""
        if not len(table):
            return
        if self._writer is None:
            # Not packed: LZ4 would leave 0.6 of the file (1.1 KB a paper) and take as long as writing the shards does.
            self._writer = pa.ipc.new_file(self._path, table.schema)
        months = table["date"].to_numpy().astype("datetime64[M]").astype(np.int64)
        starts = np.flatnonzero(np.diff(months, prepend=months[:1] - 1)).tolist()
        if len(starts) > _MOST_RUNS:
            order = np.argsort(months, kind="stable")
            table, months = table.take(pa.array(order)), months[order]
            starts = np.flatnonzero(np.diff(months, prepend=months[:1] - 1)).tolist()
        for start, end in zip(starts, [*starts[1:], len(table)], strict=True):
            for batch in table.slice(start, end - start).to_batches():
                self._writer.write_batch(batch)
                self._months[int(months[start])].append(self._batches)
                self._batches += 1

    def shards(self, kept: Mask, size: int) -> Iterator[pa.Table]:
        """Yield the kept papers by date, then id, in tables of ``size`` rows (the last may be shorter)."""
        if self._writer is None:
            return
        self._writer.close()
        # Read, not mapped: pages of a mapped file would count as this process's memory until the last month is done.
        file = pa.ipc.open_file(pa.OSFile(str(self._path)))
        pending: list[pa.Table] = []
        rows = 0
        for month in sorted(self._months):
            # One chunk a column: taking rows out of many chunks is several times slower.
            table = pa.Table.from_batches([file.get_batch(batch) for batch in self._months[month]]).combine_chunks()
            stays = kept[table["line"].to_numpy()]
            if not stays.all():
                table = table.filter(pa.array(stays))
            table = papers.in_order(table.drop_columns("line"))
            pending.append(table)
            rows += len(table)
            while rows >= size:
                merged = pa.concat_tables(pending)
                yield merged.slice(0, size).combine_chunks()
                pending, rows = [merged.slice(size)], rows - size
        if rows:
            yield pa.concat_tables(pending).combine_chunks()


def _read_lines(source: Source, selection: Selection, spill: _Spill) -> _Books:
    books = _Books()
    report = Reporter(log, "shard", source.stem, source.size, "bytes")
    parser = Parser(selection.categories, selection.seed)
    with source.path.open("rb") as file:
        try:
            for parsed in parse_all(_blocks(file, books), parser, processors()):
                books.add(parsed)
                spill.add(parsed.table)
                report(file.tell())
        except BadSnapshot as error:  # of an archive, which does not know its file's name
            raise BadSnapshot(f"{source.path.name}: {error}") from None
    books.lines = max([books.lines, *(line for line, _, _ in books.refusals)])
    return books


def _blocks(file: IO[bytes], books: _Books) -> Iterator[Block]:
    """Pass on the whole lines; enter in the books what the reader could not pass on."""
    for item in read(file):
        if isinstance(item, TooLong):
            books.refusals.append((item.line, papers.LINE_TOO_LONG, f"{item.size} bytes"))
        elif isinstance(item, Truncated):
            books.truncated = True
            books.refusals.append((item.line, papers.TRUNCATED_ARCHIVE, item.problem))
        else:
            yield item


def _manifest(name: str, source: Source, selection: Selection, books: _Books, kept: int) -> dict[str, Any]:
    refusals = [{"line": line, "reason": reason, "detail": detail} for line, reason, detail in books.refusals]
    return {
        "snapshot": name,
        "source": {"name": source.path.name, "sha256": source.digest, "bytes": source.size},
        "selection": asdict(selection) | {"categories": list(selection.categories)},
        "schema_version": papers.SCHEMA_VERSION,
        "lines": books.lines,
        "papers": kept,
        "refused": len(refusals),
        "not_selected": books.lines - kept - len(refusals),
        "refused_by_reason": dict(Counter(reason for _, reason, _ in books.refusals)),
        "refusals": refusals,
        "shards": [],
    }


def _check(manifest: dict[str, Any], truncated: bool, max_refused: float, storage: Storage) -> None:
    """Turn a snapshot away that is too damaged, with all its refusals on storage and the first few in the message."""
    name, lines, refused = manifest["source"]["name"], manifest["lines"], manifest["refused"]
    problem = None
    if truncated and max_refused < 1:
        # However few lines are refused, nobody can say how many are missing.
        problem = f"{name} breaks off after line {lines}: an unknown number of papers is missing; fetch it again"
    elif lines == 0:
        problem = f"{name} is empty"
    elif refused > max_refused * lines:
        problem = f"{name}: {refused} of {lines} lines are refused, more than the {max_refused:.1%} allowed"
    elif manifest["papers"] == 0:
        problem = f"{name}: none of its {lines} lines is a paper of the categories asked for"
    if problem is None:
        return
    write_json(storage, layout.refused_manifest(manifest["snapshot"]), manifest)
    first = "; ".join(f"line {r['line']}: {r['reason']} {r['detail']}".rstrip() for r in manifest["refusals"][:_SHOWN])
    where = storage.uri(layout.refused_manifest(manifest["snapshot"]))
    raise BadSnapshot(f"{problem}. The first refusals: {first or 'none'}. All of them: {where}")


def _store(number: int, table: pa.Table, snapshot: str, storage: Storage) -> tuple[dict[str, Any], Counter[str]]:
    """Write one shard; return its entry in the manifest, and how often each flag occurs in it."""
    shard = f"{number:05d}"
    path = layout.papers(snapshot, shard)
    with storage.writer(path) as local:
        write_parquet(table, local, use_dictionary=_REPEATED)
        digest = hashlib.sha256(local.read_bytes()).hexdigest()
    ids, dates = table["id"], table["date"]
    first, last = dates[0].as_py(), dates[-1].as_py()
    assert isinstance(first, dt.date) and isinstance(last, dt.date)
    log.info("shard %s: %d papers, %s to %s", shard, len(table), first, last)
    entry = {
        "shard": shard,
        "papers": len(table),
        "first_id": ids[0].as_py(),
        "last_id": ids[-1].as_py(),
        "first_date": first.isoformat(),
        "last_date": last.isoformat(),
        "content": content_digest(ids.to_pylist(), table["text_hash"].to_pylist()),
        "sha256": digest,
    }
    return entry, Counter(pc.list_flatten(table["flags"]).to_pylist())
