"""A month's shards and vectors as one row-addressed matrix beside its paper table, checked against the manifest.

The matrix is written once to this machine's scratch folder as a memory-mapped .npy, named by the digest of what it is
made from, and shared by the stages and runs that follow here; another machine makes its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strata import layout, scratch
from strata.embed import check_unit, read_vectors_file, to_matrix, vectors_path
from strata.errors import BadVectors, IncompleteCorpus
from strata.flags import HARD
from strata.progress import Reporter
from strata.storage import Storage, read_table

log = logging.getLogger(__name__)

_NAMED = 5


@dataclass(frozen=True)
class Layer:
    """One shard of a corpus: its papers up to the month's end and where their vectors are."""

    entry: dict[str, Any]  # the shard's entry in the snapshot's manifest
    vectors: str
    rows: int


@dataclass(frozen=True)
class Corpus:
    """All papers of a month: which shards, how many rows of the last, and the digest of it all."""

    snapshot: str
    month_end: dt.date
    dimension: int
    layers: tuple[Layer, ...]
    model_key: str

    @property
    def papers(self) -> int:
        """Number of rows."""
        return sum(layer.rows for layer in self.layers)

    @property
    def digest(self) -> str:
        """32 hex digits, decided by the vectors files and the rows taken of each."""
        parts = "".join(f"{layer.vectors} {layer.rows}\n" for layer in self.layers)
        return hashlib.sha256(parts.encode()).hexdigest()[:32]


def shards_until(manifest: dict[str, Any], month_end: dt.date) -> list[dict[str, Any]]:
    """Return the manifest's entries of the shards that hold papers on or before a day, in order of time."""
    return [entry for entry in manifest["shards"] if dt.date.fromisoformat(entry["first_date"]) <= month_end]


def open_corpus(
    storage: Storage,
    manifest: dict[str, Any],
    month_end: dt.date,
    model_directory: str,
    model_key: str,
    dimension: int,
) -> Corpus:
    """Find every shard and vectors file of a month.

    Raises:
        IncompleteCorpus: the manifest does not add up, or files are missing; they are named.
    """
    check_books(manifest)
    layers, missing = [], []
    for entry in shards_until(manifest, month_end):
        vectors = vectors_path(model_directory, model_key, entry["shard"], entry["content"])
        papers = layout.papers(manifest["snapshot"], entry["shard"])
        missing += [path for path in (papers, vectors) if not storage.exists(path)]
        layers.append(Layer(entry, vectors, entry["papers"]))
    if missing:
        raise IncompleteCorpus(
            f"{len(missing)} files of the corpus are missing: {', '.join(missing[:_NAMED])}"
            f"{' ...' if len(missing) > _NAMED else ''}. Clear the embed tasks of these shards to make them again"
        )
    if not layers:
        raise IncompleteCorpus(f"no paper of {manifest['snapshot']} is on or before {month_end}")
    top = layers[-1]
    dates = read_table(storage, layout.papers(manifest["snapshot"], top.entry["shard"]), ["date"])["date"]
    rows = pc.sum(pc.less_equal(dates, pa.scalar(month_end))).as_py()
    layers[-1] = Layer(top.entry, top.vectors, rows)
    return Corpus(manifest["snapshot"], month_end, dimension, tuple(layers), model_key)


def read_papers(storage: Storage, corpus: Corpus, columns: list[str]) -> pa.Table:
    """Return columns of the paper table, all rows in order of time."""
    tables = []
    for layer in corpus.layers:
        table = read_table(storage, layout.papers(corpus.snapshot, layer.entry["shard"]), columns)
        if len(table) != layer.entry["papers"]:
            raise IncompleteCorpus(
                f"shard {layer.entry['shard']} holds {len(table)} papers, its manifest says {layer.entry['papers']}"
            )
        tables.append(table.slice(0, layer.rows))
    return pa.concat_tables(tables)


def hard_flagged(flags: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which papers carry a flag that keeps them out of centroids, rankings and denominators; (n,) bool."""
    lists = flags.combine_chunks()
    hard = pc.is_in(pc.list_flatten(lists), value_set=pa.array(sorted(HARD), pa.string()))
    flagged = np.zeros(len(lists), bool)
    flagged[pc.list_parent_indices(lists).filter(hard).to_numpy()] = True
    return flagged


def matrix_path(corpus: Corpus) -> Path:
    """Return where this machine has, or would have, the corpus's matrix."""
    return scratch.matrix_path(_matrix_name(corpus))


def _matrix_name(corpus: Corpus) -> str:
    return f"corpus-{corpus.digest}"


def read_vectors(storage: Storage, corpus: Corpus) -> np.memmap[Any, np.dtype[np.float32]]:
    """Return the corpus's matrix, (papers, dimension) float32 unit rows, memory-mapped and read-only.

    Memory: one shard's vectors at a time. Safe beside another run that makes the same matrix.

    Raises:
        BadVectors: a vectors file is damaged, another model's, or not of unit length (NaN is not); it is named.
        IncompleteCorpus: a vectors file does not hold its shard's rows.
    """

    def fill(matrix: np.ndarray[Any, np.dtype[np.float32]]) -> None:
        reporter = Reporter(log, "matrix", f"{corpus.month_end:%Y-%m}", corpus.papers, "papers")
        start = 0
        for layer in corpus.layers:
            matrix[start : start + layer.rows] = _layer_vectors(storage, corpus, layer)[: layer.rows]
            start += layer.rows
            reporter(start)

    return scratch.scratch_matrix(_matrix_name(corpus), (corpus.papers, corpus.dimension), fill)


def _layer_vectors(storage: Storage, corpus: Corpus, layer: Layer) -> np.ndarray[Any, np.dtype[np.float32]]:
    shard, name = layer.entry["shard"], storage.uri(layer.vectors)
    again = f"Clear the embed task of shard {shard} to make it again"
    try:
        table = read_vectors_file(storage, layer.vectors, ["id", "text_hash", "vector"])
    except BadVectors as error:
        raise BadVectors(f"{error}. {again}") from error
    maker = (table.schema.metadata or {}).get(b"model_key", b"").decode()
    if maker != corpus.model_key:
        raise BadVectors(f"{name} was made by the model {maker[:8]!r}, not {corpus.model_key[:8]!r}. {again}")
    papers = read_table(storage, layout.papers(corpus.snapshot, shard), ["id", "text_hash"])
    if not (table["id"].equals(papers["id"]) and table["text_hash"].equals(papers["text_hash"])):
        raise IncompleteCorpus(f"{name} does not hold the papers of shard {shard}. {again}")
    width = table.schema.field("vector").type.list_size
    if width != corpus.dimension:
        raise BadVectors(f"{name} holds vectors of {width} components, the model makes {corpus.dimension}. {again}")
    vectors = to_matrix(table["vector"], width)
    try:
        check_unit(vectors, name)
    except BadVectors as error:
        raise BadVectors(f"{error}. {again}") from error
    return vectors


def check_books(manifest: dict[str, Any]) -> None:
    """Raise IncompleteCorpus unless a snapshot's manifest accounts for every line, paper and shard."""
    name, counted = manifest["snapshot"], manifest["papers"] + manifest["refused"] + manifest["not_selected"]
    if counted != manifest["lines"]:
        raise IncompleteCorpus(f"{name}: {manifest['lines']} lines were read, {counted} are accounted for")
    in_shards = sum(entry["papers"] for entry in manifest["shards"])
    if in_shards != manifest["papers"]:
        raise IncompleteCorpus(f"{name}: {manifest['papers']} papers were kept, its shards hold {in_shards}")
    for number, entry in enumerate(manifest["shards"]):
        if int(entry["shard"]) != number:
            raise IncompleteCorpus(f"{name}: shard {number:05d} is missing from the manifest")
