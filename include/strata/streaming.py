"""The vectors of a corpus, streamed: in order, piece by piece, or in no order, block by block, from all processors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strata.allowance import processors
from strata.corpus import Corpus, Layer, matrix_path
from strata.embed import check_unit, to_matrix
from strata.errors import BadVectors
from strata.storage import Storage

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Made = TypeVar("Made")

_BLOCK_BYTES = 2 << 20  # of vectors that are looked at together


@dataclass(frozen=True)
class Piece:
    """Some consecutive rows of a corpus that lie in one row group of one vectors file."""

    layer: Layer
    group: int  # of the file
    start: int  # the first row's number in the corpus
    rows: int


def starts(corpus: Corpus) -> list[int]:
    """Return the row number at which each layer begins."""
    sizes = [layer.rows for layer in corpus.layers]
    return [sum(sizes[:number]) for number in range(len(sizes))]


def pieces(storage: Storage, corpus: Corpus, first: int = 0, end: int | None = None) -> list[Piece]:
    """Return where the vectors of rows `first` to `end` (exclusive; None: all) lie, in order."""
    stop = corpus.papers if end is None else end
    found = []
    for layer, start in zip(corpus.layers, starts(corpus), strict=True):
        if start >= stop or start + layer.rows <= first or first >= stop:
            continue
        with reading_vectors(storage, layer.vectors) as file:
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
    with suppress(FileNotFoundError):  # no run has left it here, or another has taken it away
        ((_, rows),) = _matrix_blocks(matrix_path(corpus), corpus, piece.start, piece.start + piece.rows, piece.rows)
        return rows
    with reading_vectors(storage, piece.layer.vectors) as file:
        table = pq.ParquetFile(file).read_row_group(piece.group, columns=["vector"], use_threads=False)
    vectors = to_matrix(table["vector"], corpus.dimension)[: piece.rows]
    check_unit(vectors, storage.uri(piece.layer.vectors))
    return vectors


def scan(storage: Storage, corpus: Corpus, look: Callable[[int, Vectors], None], threads: int = 0) -> None:
    """Call look(first row, vectors) with all vectors of a corpus, in blocks that fit a processor's cache.

    Blocks come in any order, from as many threads as there are processors, and are checked as ``read_piece`` checks
    them. A block's memory is that of the next one too: keep none. Memory: one row group's bytes a thread.

    Raises:
        BadVectors: a file is damaged; it is named.
    """
    from strata.neighbors.workers import one_thread_products

    def look_through(layer: Layer, start: int) -> None:
        for at, block in _blocks(storage, corpus, layer, start):
            look(at, block)

    with one_thread_products(), ThreadPoolExecutor(threads or processors()) as pool:
        done = [pool.submit(look_through, *each) for each in zip(corpus.layers, starts(corpus), strict=True)]
        try:
            for one in done:
                one.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _blocks(storage: Storage, corpus: Corpus, layer: Layer, start: int) -> Iterator[tuple[int, Vectors]]:
    """Yield (first row, vectors) of a layer that begins at a row of the corpus, from the matrix where there is one."""
    step = max(1, _BLOCK_BYTES // (4 * corpus.dimension))
    first, end = start, start + layer.rows
    with suppress(FileNotFoundError):  # as above; a matrix that is open stays readable
        yield from _matrix_blocks(matrix_path(corpus), corpus, start, end, step)
        return
    with reading_vectors(storage, layer.vectors) as file:
        for batch in pq.ParquetFile(file).iter_batches(step, columns=["vector"], use_threads=False):
            vectors = to_matrix(pa.chunked_array([batch.column("vector")]), corpus.dimension)[: end - start]
            if not len(vectors):
                break
            check_unit(vectors, storage.uri(layer.vectors), start - first)
            yield start, vectors
            start += len(vectors)
    if start < end:
        raise BadVectors(f"{storage.uri(layer.vectors)} is damaged: {end - start} rows are missing")


def _matrix_blocks(path: Path, corpus: Corpus, first: int, end: int, step: int) -> Iterator[tuple[int, Vectors]]:
    """Yield rows of the matrix, which was checked when it was made and is never changed.

    They are read into one buffer, not mapped, so that they do not stay in memory.
    """
    buffer = np.empty((min(step, end - first), corpus.dimension), np.float32)
    with path.open("rb", buffering=0) as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
        if shape != (corpus.papers, corpus.dimension):
            raise BadVectors(f"{path} holds {shape}, not {(corpus.papers, corpus.dimension)}: remove it")
        file.seek(4 * first * corpus.dimension, 1)
        for start in range(first, end, step):
            rows = buffer[: end - start]
            if file.readinto(rows.view(np.uint8).data) != rows.nbytes:
                raise BadVectors(f"{path} is cut off: remove it")
            yield start, rows


@contextmanager
def reading_vectors(storage: Storage, path: str) -> Iterator[Any]:
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
