"""Everything that a root promises, checked from its bytes; and for whatever is broken, what makes it again.

Nothing is trusted that can be computed: a shard's digest, order and text hashes from its papers, a vectors file's name
from the papers it holds, a record's digests and keys from its tables. Nothing is changed. Memory: one shard and its
vectors, or the ids of one record.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata import layout, papers
from strata.corpus import check_books
from strata.embed import check_unit, read_vectors_file, to_matrix, vectors_path
from strata.errors import BadRequest, BadVectors, StrataError
from strata.published import months, open_record
from strata.shards import content_digest
from strata.storage import Storage, read_json, read_table

log = logging.getLogger(__name__)

# What reading a damaged file may raise. FileNotFoundError is an OSError too: a missing file is told as one.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, MemoryError, pa.ArrowException, StrataError)


@dataclass(frozen=True)
class Problem:
    """One promise that is broken, or one that is no longer made."""

    path: str  # in the root
    what: str
    remedy: str
    broken: bool = True  # False: as it was meant to be, but whoever looks for it should know


def verify(storage: Storage, month: str | None = None) -> Iterator[Problem]:
    """Yield what is broken in a root, or in what one month's record rests on.

    Raises:
        BadRequest: the month asked for is no month, or this is no root.
    """
    if not any(storage.folders(name) for name in ("snapshots", "vectors", "records")):
        raise BadRequest(f"{storage.root} holds no snapshots, vectors or records: is it the root?")
    if month is None:
        snapshots = [folder.rpartition("/")[2] for folder in storage.folders("snapshots")]
        vectors = [file.path for folder in storage.folders("vectors") for file in storage.list(folder)]
        records = sorted(months(storage))
    else:
        layout.record(month)
        snapshots, vectors, records = [], [], [month]
    for snapshot in snapshots:
        yield from _of_snapshot(storage, snapshot)
    for path in vectors:
        yield from _of_vectors(storage, path)
    for name in records:
        yield from _of_record(storage, name, deep=month is not None)


def _of_snapshot(storage: Storage, name: str) -> Iterator[Problem]:
    path = layout.snapshot_manifest(name)
    if not storage.exists(path):
        left = storage.list(f"snapshots/{name}/papers")  # of a pruned one not even these
        if left and not storage.exists(layout.refused_manifest(name)):
            yield Problem(path, "is missing: the snapshot was never finished", "run the month again, or prune")
        return
    again = f"remove {path} and clear the shard task of its run"
    try:
        manifest = read_json(storage, path)
        check_books(manifest)
        last: tuple[dt.date, str] | None = None
        for entry in manifest["shards"]:
            for what in _wrong_with_shard(storage, name, entry, last):
                yield Problem(layout.papers(name, entry["shard"]), what, again)
            last = (dt.date.fromisoformat(entry["last_date"]), entry["last_id"])
    except _DAMAGE as error:
        yield Problem(path, f"cannot be read: {error}", again)


def _wrong_with_shard(
    storage: Storage, snapshot: str, entry: dict[str, Any], before: tuple[dt.date, str] | None
) -> Iterator[str]:
    path = layout.papers(snapshot, entry["shard"])
    try:
        digest = hashlib.sha256(storage.read(path)).hexdigest()
        if digest != entry["sha256"]:
            yield f"has the SHA-256 {digest[:12]}, its manifest says {entry['sha256'][:12]}"
        table = read_table(storage, path)
    except FileNotFoundError:
        yield "is missing"
        return
    except _DAMAGE as error:
        yield f"cannot be read: {error}"
        return
    if table.schema.names != papers.SCHEMA.names:
        yield f"has the columns {table.schema.names}"
        return
    ids, hashes = table["id"].to_pylist(), table["text_hash"].to_pylist()
    if len(table) != entry["papers"] or content_digest(ids, hashes) != entry["content"]:
        yield f"holds {len(table)} papers that are not the {entry['papers']} its manifest names"
    places = [*([before] if before else []), *zip(table["date"].to_pylist(), ids, strict=True)]
    if any(low >= high for low, high in itertools.pairwise(places)):
        yield "is not in order of date and id, after the shard before it"
    texts = zip(table["title"].to_pylist(), table["abstract"].to_pylist(), hashes, strict=True)
    wrong = sum(papers.hash_of(papers.text_of(title, abstract)) != told for title, abstract, told in texts)
    if wrong:
        yield f"has {wrong} texts with another text's hash"


def _of_vectors(storage: Storage, path: str) -> Iterator[Problem]:
    """A vectors file is named by its model and papers, so it can be held against its own name."""
    name = path.rpartition("/")[2]
    if name.startswith("."):
        return
    shard = name.partition("-")[0]
    again = f"remove it and clear the embed task of shard {shard}"
    try:
        with storage.open(path) as file:
            if file.read(4) != b"PAR1":
                raise BadVectors("it does not begin as a Parquet file does")
        table = read_vectors_file(storage, path, ["id", "text_hash", "vector"])
        key = (table.schema.metadata or {})[b"model_key"].decode()
        content = content_digest(table["id"].to_pylist(), table["text_hash"].to_pylist())
        expected = vectors_path(path.split("/")[1], key, shard, content)
        if expected != path:
            yield Problem(path, f"holds the papers and model of {expected}", again)
        check_unit(to_matrix(table["vector"], table.schema.field("vector").type.list_size), path)
    except _DAMAGE as error:
        yield Problem(path, str(error), again)


def _of_record(storage: Storage, month: str, *, deep: bool) -> Iterator[Problem]:
    """A record's files against its manifest, its tables against each other; `deep`: also what it was made from."""
    folder = layout.record(month)
    again = f"clear the report task of the run of {month}, or run the month again"
    path = f"{folder}/manifest.json"
    try:
        manifest = read_json(storage, path)
        files = manifest["files"]
    except _DAMAGE as error:
        yield Problem(path, f"cannot be read: {error}", again)
        return
    damaged = []
    for name, told in sorted(files.items()):
        for what in _wrong_with_file(storage, f"{folder}/{name}", told):
            damaged.append(name)
            yield Problem(f"{folder}/{name}", what, again)
    strangers = {file.path.rpartition("/")[2] for file in storage.list(folder)} - {*files, "manifest.json"}
    for name in sorted(strangers):
        yield Problem(f"{folder}/{name}", "is not in the record's manifest", "remove it")
    if not damaged:
        yield from (Problem(folder, what, again) for what in _wrong_with_keys(storage, folder, manifest))
    yield from _of_origin(storage, month, manifest, deep=deep)


def _of_origin(storage: Storage, month: str, manifest: dict[str, Any], *, deep: bool) -> Iterator[Problem]:
    """Whether the shards and vectors that a record was made from are there; `deep`: and whole."""
    path, again = f"{layout.record(month)}/manifest.json", f"run the month {month} again"
    if not storage.exists(layout.snapshot_manifest(manifest["snapshot"])):
        what = f"its snapshot {manifest['snapshot']} was pruned: it cannot be searched or exported"
        yield Problem(path, what, again, broken=deep)
        return
    if deep:
        yield from _of_snapshot(storage, manifest["snapshot"])
    try:
        record = open_record(storage, month)
    except _DAMAGE as error:
        yield Problem(path, f"rests on a corpus that is not whole: {error}", again)
        return
    if deep:
        for layer in record.corpus.layers:
            yield from _of_vectors(storage, layer.vectors)


def _wrong_with_file(storage: Storage, path: str, told: dict[str, Any]) -> Iterator[str]:
    try:
        data = storage.read(path)
    except FileNotFoundError:
        yield "is missing"
        return
    if len(data) != told["bytes"] or hashlib.sha256(data).hexdigest() != told["sha256"]:
        yield f"is not the file that was published: {len(data)} bytes with another digest than the manifest's"
    elif "rows" in told and pq.read_metadata(pa.BufferReader(data)).num_rows != told["rows"]:
        yield f"has other rows than the {told['rows']} of the manifest"


def _wrong_with_keys(storage: Storage, folder: str, manifest: dict[str, Any]) -> Iterator[str]:
    """Every key that one table takes from another is there, and once."""
    table = read_table(storage, f"{folder}/papers.parquet", ["id", "topic"])
    ids, topics = table["id"], _column(storage, folder, "topics", "topic")
    if len(table) != manifest["counts"]["papers"] or len(pc.unique(ids)) != len(table):
        yield f"papers.parquet has {len(table)} rows, the record {manifest['counts']['papers']} papers, each once"
    if len(np.unique(topics)) != len(topics):
        yield "topics.parquet names a topic twice"
    for name, column in (("papers", "topic"), ("topic_years", "topic")):
        unknown = np.setdiff1d(_column(storage, folder, name, column), topics)
        if len(unknown):
            yield f"{name}.parquet names {len(unknown)} topics that topics.parquet does not have"
    for name, columns in (("lonely", ["id"]), ("duplicates", ["id", "earlier_id"])):
        for column in columns:
            named = read_table(storage, f"{folder}/{name}.parquet", [column])[column]
            unknown_ids = pc.sum(pc.invert(pc.is_in(named, ids.combine_chunks()))).as_py() or 0
            if unknown_ids:
                yield f"{name}.parquet names {unknown_ids} papers that papers.parquet does not have"


def _column(storage: Storage, folder: str, table: str, column: str) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = read_table(storage, f"{folder}/{table}.parquet", [column])[column].to_numpy()
    return values


def show(problems: Iterable[Problem]) -> int:
    """Print problems as they are found, with the way out of each; return how many promises are broken."""
    count = 0
    for problem in problems:
        count += problem.broken
        print(f"{problem.path}: {problem.what}\n    {problem.remedy}", flush=True)
    return count
