"""A published month: its books, the corpus it was made from, and both read in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strata import layout
from strata.allowance import processors
from strata.corpus import Corpus, Layer, matrix_path, open_corpus
from strata.embed import check_unit, to_matrix
from strata.errors import BadRequest, BadVectors, IncompleteCorpus
from strata.plan import last_day
from strata.storage import Storage, read_json, read_table

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Published:
    """A month's record and the corpus behind it; nothing of either is held in memory."""

    month: str
    manifest: dict[str, Any]  # the record's
    corpus: Corpus


@dataclass(frozen=True)
class Piece:
    """Some consecutive rows of a corpus that lie in one row group of one vectors file."""

    layer: Layer
    group: int  # of the file
    start: int  # the first row's number in the corpus
    rows: int


def months(storage: Storage) -> list[str]:
    """Return the months that have a record, newest first."""
    names = (folder.rpartition("/")[2] for folder in storage.folders("records"))
    found = [name for name in names if layout.MONTH.fullmatch(name)]
    return sorted((month for month in found if storage.exists(f"{layout.record(month)}/manifest.json")), reverse=True)


def latest_month(storage: Storage, asked: str | None = None) -> str:
    """Return the month asked for, or the newest one. Raises BadRequest if it has no record, naming those that do."""
    known = months(storage)
    if asked and asked in known:
        return asked
    layout.record(asked or "2000-01")  # a month that is no month has an error of its own
    if not known:
        raise BadRequest(f"{storage.uri('records')} holds no record yet: make one with `make run`")
    if asked:
        raise BadRequest(f"there is no record of {asked}; there are {', '.join(reversed(known))}")
    return known[0]


def open_record(storage: Storage, month: str) -> Published:
    """Find a record's books and the shards and vectors that it was made from.

    Raises:
        BadRequest: there is no record of this month.
        IncompleteCorpus: shards or vectors are gone, or are no longer those that the record was made from.
    """
    path = f"{layout.record(month)}/manifest.json"
    if not storage.exists(path):
        raise BadRequest(f"there is no record of {month} in {storage.uri('records')}")
    manifest = dict(read_json(storage, path))
    snapshot = layout.snapshot_manifest(manifest["snapshot"])
    if not storage.exists(snapshot):
        raise IncompleteCorpus(f"{storage.uri(snapshot)}, which the record of {month} was made from, is gone")
    model = manifest["model"]
    corpus = open_corpus(
        storage, dict(read_json(storage, snapshot)), last_day(month), model["directory"], model["key"], dimension=0
    )
    with _reading(storage, corpus.layers[0].vectors) as file:
        corpus = replace(corpus, dimension=pq.read_schema(file).field("vector").type.list_size)
    if corpus.digest != manifest["corpus"]["digest"]:
        raise IncompleteCorpus(
            f"the shards of {manifest['snapshot']} are no longer those that the record of {month} was made from: "
            f"make the record again"
        )
    return Published(month, manifest, corpus)


def read_ids(storage: Storage, record: Published) -> pa.Array:
    """Return the ids of all papers of a record, in its order: the row numbers of the corpus."""
    ids = read_table(storage, f"{layout.record(record.month)}/papers.parquet", ["id"])["id"].combine_chunks()
    if len(ids) != record.corpus.papers:
        raise IncompleteCorpus(f"the record of {record.month} has {len(ids)} papers, its corpus {record.corpus.papers}")
    return ids


def starts(corpus: Corpus) -> list[int]:
    """Return the row number at which each layer begins."""
    sizes = [layer.rows for layer in corpus.layers]
    return [sum(sizes[:number]) for number in range(len(sizes))]


def read_rows(storage: Storage, corpus: Corpus, rows: list[int], columns: list[str]) -> list[dict[str, Any]]:
    """Return columns of some papers, by row number of the corpus, in the order asked for; opens only their shards."""
    found: dict[int, dict[str, Any]] = {}
    for layer, start in zip(corpus.layers, starts(corpus), strict=True):
        inside = [row for row in rows if start <= row < start + layer.rows]
        if inside:
            table = read_table(storage, layout.papers(corpus.snapshot, layer.entry["shard"]), columns)
            taken = table.take(pa.array([row - start for row in inside])).to_pylist()
            found |= dict(zip(inside, taken, strict=True))
    return [found[row] for row in rows]


def pieces(storage: Storage, corpus: Corpus, first: int = 0, end: int | None = None) -> list[Piece]:
    """Return where the vectors of rows `first` to `end` (exclusive; None: all) lie, in order."""
    stop = corpus.papers if end is None else end
    found = []
    for layer, start in zip(corpus.layers, starts(corpus), strict=True):
        if start >= stop or start + layer.rows <= first or first >= stop:
            continue
        with _reading(storage, layer.vectors) as file:
            footer = pq.read_metadata(file)
        at = start
        for group in range(footer.num_row_groups):
            rows = min(footer.row_group(group).num_rows, start + layer.rows - at)
            if rows > 0 and at < stop and at + rows > first:
                found.append(Piece(layer, group, at, rows))
            at += rows
    return found


def read_piece(storage: Storage, corpus: Corpus, piece: Piece) -> Vectors:
    """Return the vectors of one piece, (rows, dimension) float32, checked to be finite and of unit length.

    They come from the corpus's matrix where a run has left it on this machine, as decoding takes longer than reading;
    they are read, not mapped, so that they do not stay in memory. Page checksums are not computed again: the reduce did
    so when it made the record from these very files, and that takes longer than decoding does.

    Raises:
        BadVectors: the file is damaged; it is named.
    """
    matrix = matrix_path(corpus)
    if matrix.exists():
        return _read_matrix(matrix, piece, corpus)
    with _reading(storage, piece.layer.vectors) as file:
        table = pq.ParquetFile(file).read_row_group(piece.group, columns=["vector"], use_threads=False)
    vectors = to_matrix(table["vector"], corpus.dimension)[: piece.rows]
    check_unit(vectors, storage.uri(piece.layer.vectors))
    return vectors


def _read_matrix(path: Path, piece: Piece, corpus: Corpus) -> Vectors:
    """Return rows of the matrix, which was checked when it was made and is never changed."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
        if shape != (corpus.papers, corpus.dimension):
            raise BadVectors(f"{path} holds {shape}, not {(corpus.papers, corpus.dimension)}: remove it")
        file.seek(4 * piece.start * corpus.dimension, 1)
        rows: Vectors = np.fromfile(file, np.float32, piece.rows * corpus.dimension)
    return rows.reshape(piece.rows, corpus.dimension)


@contextmanager
def _reading(storage: Storage, path: str) -> Iterator[Any]:
    """Open a vectors file; what its contents make go wrong is told as damage, with its name."""
    try:
        with storage.open(path) as file:
            yield file
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, MemoryError, pa.ArrowException) as error:
        raise BadVectors(f"{storage.uri(path)} is damaged: {error}") from error


def over_pieces(
    storage: Storage, corpus: Corpus, pieces: list[Piece], function: Callable[[int, Vectors], Made], threads: int = 0
) -> Iterator[Made]:
    """Yield function(first row, vectors) of each piece, in order; as many at a time as there are processors.

    Memory: two pieces a thread.
    """
    workers = threads or processors()
    with ThreadPoolExecutor(workers) as pool:
        waiting = []
        for piece in pieces:
            waiting.append(pool.submit(lambda p: function(p.start, read_piece(storage, corpus, p)), piece))
            if len(waiting) >= 2 * workers:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
