"""A record's vectors in the formats people already use, in bounded memory.

Rows are in the record's order (by first submission, then id). Each format is one file, two of them with a list of
ids of their own beside it, in ``exports/<month>/`` of the root or a folder of the user's choice:

    hdf5     embeddings.h5       `embeddings` (n, d) float32, `urls` (https://arxiv.org/pdf/<id>.pdf), `ids`
    npy      embeddings.npy      np.load(..., mmap_mode="r") maps it; row i is line i of embeddings.npy.ids.txt
    feather  embeddings.feather  columns id, url, topic, embedding; uncompressed, so that Arrow maps it
    parquet  embeddings.parquet  the same columns
    faiss    embeddings.faiss    IndexFlatIP, exact; ids as for npy

Memory: two row groups of vectors a thread and the ids; only a faiss index has to be whole in memory, 4 d bytes a paper.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata import layout
from strata.errors import BadRequest
from strata.published import Published
from strata.storage import Storage, read_table
from strata.streaming import Vectors, over_pieces, pieces

log = logging.getLogger(__name__)

Write = Callable[[Vectors, pa.Table], None]


@dataclass(frozen=True)
class Shape:
    """What a file will hold: its rows, their width, and what is said of them."""

    rows: int
    width: int
    facts: dict[str, str]


@dataclass(frozen=True)
class Format:
    """One kind of file."""

    file: str
    lists_ids: bool  # in a file of their own
    writer: Callable[[Path, Shape], AbstractContextManager[Write]]


def export(
    storage: Storage, record: Published, form: str, first: int = 0, end: int | None = None, to: Storage | None = None
) -> str:
    """Write a record's vectors in one format; a file appears whole or not at all.

    Args:
        storage: the root.
        record: whose vectors.
        form: one of ``FORMATS``.
        first: the first row.
        end: the row after the last; None: all.
        to: another folder than the root's ``exports/<month>``.

    Returns:
        The file's full name.

    Raises:
        BadRequest: no such format, or no such rows.
    """
    if form not in FORMATS:
        raise BadRequest(f"format: {form!r} is none of {', '.join(FORMATS)}")
    stop = record.corpus.papers if end is None else end
    if not 0 <= first < stop <= record.corpus.papers:
        raise BadRequest(f"rows: {first}:{stop} is no range within the {record.corpus.papers} papers of {record.month}")
    kind = FORMATS[form]
    where, folder = (to, "") if to else (storage, f"{layout.exports(record.month)}/")
    papers = _papers(storage, record).slice(first, stop - first)
    shape = Shape(stop - first, record.corpus.dimension, _facts(record, first, stop))
    with where.writer(folder + kind.file) as local, kind.writer(local, shape) as write:
        for start, block in _blocks(storage, record, first, stop):
            write(block, papers.slice(start - first, len(block)))
    if kind.lists_ids:
        ids = "".join(f"{paper}\n" for paper in papers["id"].to_pylist())
        where.write(f"{folder}{kind.file}.ids.txt", ids.encode())
    log.info("wrote %d x %d vectors to %s", shape.rows, shape.width, where.uri(folder + kind.file))
    return where.uri(folder + kind.file)


def read_range(text: str) -> tuple[int, int | None]:
    """Read ``FIRST:END``, either of which may be left out. Raises BadRequest."""
    first, colon, end = text.partition(":")
    if not colon or not all(part == "" or (part.isascii() and part.isdigit()) for part in (first, end)):
        raise BadRequest(f"rows: {text!r} is no range such as 0:10000")
    return int(first or 0), int(end) if end else None


def _papers(storage: Storage, record: Published) -> pa.Table:
    table = read_table(storage, f"{layout.record(record.month)}/papers.parquet", ["id", "topic"])
    url = pc.binary_join_element_wise("https://arxiv.org/pdf/", table["id"], ".pdf", "")
    return table.add_column(1, "url", url)


def _facts(record: Published, first: int, end: int) -> dict[str, str]:
    model = record.manifest["model"]
    return {
        "month": record.month,
        "snapshot": str(record.manifest["snapshot"]),
        "model": str(model["name"]),
        "model_key": str(model["key"]),
        "rows": f"{first}:{end}",
    }


def _blocks(storage: Storage, record: Published, first: int, end: int) -> Iterator[tuple[int, Vectors]]:
    """Yield (row, vectors) over a range, in order."""
    wanted = pieces(storage, record.corpus, first, end)
    for start, block in over_pieces(storage, record.corpus, wanted, lambda at, vectors: (at, vectors)):
        skipped = max(first - start, 0)
        yield start + skipped, block[skipped : end - start]


@contextmanager
def _hdf5(path: Path, shape: Shape) -> Iterator[Write]:
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs.update(shape.facts)
        embeddings = file.create_dataset("embeddings", (shape.rows, shape.width), np.float32)
        texts = {"urls": "url", "ids": "id"}
        for name in texts:
            file.create_dataset(name, (shape.rows,), h5py.string_dtype())
        at = 0

        def write(block: Vectors, papers: pa.Table) -> None:
            nonlocal at
            embeddings[at : at + len(block)] = block
            for name, column in texts.items():
                file[name][at : at + len(block)] = papers[column].to_pylist()
            at += len(block)

        yield write


@contextmanager
def _npy(path: Path, shape: Shape) -> Iterator[Write]:
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (shape.rows, shape.width)}
        np.lib.format.write_array_header_1_0(file, header)

        def write(block: Vectors, papers: pa.Table) -> None:
            file.write(np.ascontiguousarray(block, "<f4").data)

        yield write


@contextmanager
def _feather(path: Path, shape: Shape) -> Iterator[Write]:
    with pa.ipc.new_file(path, _schema(shape)) as file:
        yield lambda block, papers: file.write_table(_table(block, papers, shape))


@contextmanager
def _parquet(path: Path, shape: Shape) -> Iterator[Write]:
    options: dict[str, Any] = {
        "use_dictionary": False,
        "column_encoding": {"embedding.list.element": "BYTE_STREAM_SPLIT"},
    }
    with pq.ParquetWriter(path, _schema(shape), compression="zstd", write_page_checksum=True, **options) as file:
        yield lambda block, papers: file.write_table(_table(block, papers, shape))


@contextmanager
def _faiss(path: Path, shape: Shape) -> Iterator[Write]:
    import faiss

    index = faiss.IndexFlatIP(shape.width)
    yield lambda block, papers: index.add(np.ascontiguousarray(block))
    faiss.write_index(index, str(path))


def _schema(shape: Shape) -> pa.Schema:
    return pa.schema(
        [
            pa.field("id", pa.string()),
            pa.field("url", pa.string()),
            pa.field("topic", pa.int32()),
            pa.field("embedding", pa.list_(pa.field("element", pa.float32()), shape.width)),
        ],
        shape.facts,
    )


def _table(block: Vectors, papers: pa.Table, shape: Shape) -> pa.Table:
    schema = _schema(shape)
    flat = pa.array(np.ascontiguousarray(block).ravel())
    vectors = pa.FixedSizeListArray.from_arrays(flat, type=schema.field("embedding").type)
    return pa.table([papers["id"], papers["url"], papers["topic"], vectors], schema=schema)


FORMATS: dict[str, Format] = {
    "hdf5": Format("embeddings.h5", False, _hdf5),
    "npy": Format("embeddings.npy", True, _npy),
    "feather": Format("embeddings.feather", False, _feather),
    "parquet": Format("embeddings.parquet", False, _parquet),
    "faiss": Format("embeddings.faiss", True, _faiss),
}


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """Return the formats asked for, each once. Raises BadRequest for one that is not known."""
    for form in formats:
        if form not in FORMATS:
            raise BadRequest(f"format: {form!r} is none of {', '.join(FORMATS)}")
    return tuple(dict.fromkeys(formats))
