"""One shard -> one vectors file, embedding only what no earlier file of the same model holds.

A vectors file is named by the digest of its model and its shard's ordered (id, text hash) pairs, so a file that is
present and whole is done: a retry, a cleared task, a second delivery and a concurrent run are all harmless. When a
shard's content has changed, rows are taken over by text hash from earlier files of the model that cover the same time.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strata import layout
from strata.claims import claimed
from strata.encoders import Encoder, Model, load
from strata.errors import BadVectors, DamagedFile
from strata.papers import text_of
from strata.progress import Reporter
from strata.storage import Storage, read_table, write_parquet

log = logging.getLogger(__name__)

# float32 leaves about 1e-7 a component; anything beyond this is no rounding.
_UNIT_TOLERANCE = 1e-4
# Files of the same shard number from earlier months: the newest hold nearly every row, older ones are not opened.
_NEWEST = 3
_ROW_GROUP = 65_536

Vectors = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Embedded:
    """What became of one shard."""

    shard: str
    vectors: str  # the file's path in the root
    papers: int
    reused: int
    embedded: int
    truncated: int  # papers whose text the model's limit cut


def vectors_path(model_directory: str, model_key: str, shard: str, content: str) -> str:
    """Return the path of a shard's vectors: decided by the model's key and the shard's content digest alone."""
    digest = hashlib.sha256(f"{model_key}\n{content}".encode()).hexdigest()[:16]
    return layout.vectors(model_directory, shard, digest)


def embed_shard(storage: Storage, snapshot: str, entry: dict[str, Any], model: Model) -> Embedded:
    """Make the vectors file of one shard, unless a whole one is there.

    Args:
        storage: the root.
        snapshot: name of the snapshot.
        entry: the shard's entry in the snapshot's manifest.
        model: what to embed with.

    Raises:
        BadVectors: the model returned something else than finite unit vectors.
        Busy: another run is embedding it just now.
    """
    shard = str(entry["shard"])
    path = vectors_path(model.directory, model.key, shard, entry["content"])
    columns = ["id", "text_hash", "title", "abstract"]
    papers = read_table(storage, layout.papers(snapshot, shard), columns)
    done = _whole(storage, path, papers)
    if done is None:
        # Not the file alone but its number: another snapshot's shard of this number holds nearly the same texts, and
        # once it is whole they are taken over from it.
        with claimed(storage, f"{layout.vectors_folder(model.directory)}/{shard}"):
            # Who held the claim until now may have made it since the look above.
            done = _whole(storage, path, papers)
            if done is None:
                return _make(storage, path, papers, entry, model)
    log.info("shard %s: all %d vectors are there; nothing to embed", shard, len(papers))
    return Embedded(shard, path, len(papers), len(papers), 0, done)


def _make(storage: Storage, path: str, papers: pa.Table, entry: dict[str, Any], model: Model) -> Embedded:
    """Take over what earlier files hold, embed the rest, write the file."""
    shard = str(entry["shard"])
    hashes = np.array(papers["text_hash"].to_pylist(), dtype=object)
    vectors = np.zeros((len(papers), model.dimension), np.float32)
    cut = np.zeros(len(papers), bool)
    missing = _take_over(storage, model, entry, path, hashes, vectors, cut)
    reused = len(papers) - len(missing)
    log.info("shard %s: %d papers reused, %d to embed", shard, reused, len(missing))
    if len(missing):
        _embed(load(model), papers, hashes, missing, vectors, cut, shard)
    check_unit(vectors, path)
    write_vectors_file(storage, path, papers, vectors, cut, model, entry)
    short = f"{cut.sum()} ({100 * cut.mean():.1f}%) cut at the model's {model.max_tokens} tokens"
    log.info("shard %s: reused %d, embedded %d, %s", shard, reused, len(missing), short)
    return Embedded(shard, path, len(papers), reused, len(missing), int(cut.sum()))


def read_vectors_file(storage: Storage, path: str, columns: list[str]) -> pa.Table:
    """Return columns of a vectors file.

    Raises:
        BadVectors: the file is damaged: a page fails its checksum, or the footer, which has none, makes no sense.
    """
    try:
        table = read_table(storage, path, columns)
    except DamagedFile as error:
        raise BadVectors(str(error)) from error
    except (OSError, ValueError, KeyError, MemoryError, pa.ArrowException) as error:
        raise BadVectors(f"{storage.uri(path)} is damaged: {error}") from error
    if table.column_names != columns:
        raise BadVectors(f"{storage.uri(path)} is damaged: it has the columns {table.column_names}")
    return table


def to_matrix(column: pa.ChunkedArray, dimension: int) -> Vectors:
    """Return a FixedSizeList<float> column as a (rows, dimension) float32 matrix without a copy where possible."""
    flat = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()  # which copies even a single one
    if isinstance(flat, pa.ChunkedArray):
        flat = flat.chunk(0)
    matrix: Vectors = flat.flatten().to_numpy(zero_copy_only=True).reshape(-1, dimension)
    return matrix


def check_unit(vectors: Vectors, name: str, first: int = 0) -> None:
    """Raise BadVectors, naming file and row, unless every row is finite and of unit length.

    Args:
        vectors: (m, d).
        name: of the file.
        first: the first row's number in it.
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float32))
    wrong = np.flatnonzero(~(np.abs(lengths - 1) <= _UNIT_TOLERANCE))
    if len(wrong):
        raise BadVectors(
            f"{name}: row {first + wrong[0]} has length {lengths[wrong[0]]}, not 1 ({len(wrong)} such rows)"
        )


def _whole(storage: Storage, path: str, papers: pa.Table) -> int | None:
    """Return how many texts were cut, if the file is there and holds this shard's rows undamaged; else None."""
    if not storage.exists(path):
        return None
    try:
        table = read_vectors_file(storage, path, ["id", "text_hash", "truncated", "vector"])
        if not (table["id"].equals(papers["id"]) and table["text_hash"].equals(papers["text_hash"])):
            raise BadVectors(f"{storage.uri(path)} does not hold the rows of its shard")
        check_unit(to_matrix(table["vector"], table.schema.field("vector").type.list_size), path)
    except BadVectors as error:
        log.warning("%s; it is made anew", error)
        return None
    return int(table["truncated"].to_numpy().sum())


def _take_over(
    storage: Storage, model: Model, entry: dict[str, Any], path: str, hashes: Any, vectors: Vectors, cut: Any
) -> Any:
    """Fill rows from earlier files of the model; return the numbers of the rows still missing."""
    missing = np.arange(len(hashes))
    for earlier in _earlier_files(storage, model.directory, entry):
        if earlier == path:
            continue
        try:
            known = read_vectors_file(storage, earlier, ["text_hash"])["text_hash"].to_pylist()
            row_of = {text: row for row, text in enumerate(known)}
            found = np.array([row_of.get(text, -1) for text in hashes[missing]])
            if (found >= 0).any():
                table = read_vectors_file(storage, earlier, ["truncated", "vector"])
                rows, taken = missing[found >= 0], found[found >= 0]
                vectors[rows] = to_matrix(table["vector"], model.dimension)[taken]
                cut[rows] = table["truncated"].to_numpy()[taken]
                missing = missing[found < 0]
        except BadVectors as error:
            log.warning("%s; nothing is taken from it", error)
        if not len(missing):
            break
    return missing


def _earlier_files(storage: Storage, directory: str, entry: dict[str, Any]) -> Iterator[str]:
    """Yield vectors files whose papers overlap this shard's in time: its own number's first, newest first.

    A shard number alone would miss what a sample or another shard size left behind, and the neighbours of a shard whose
    edges moved because a paper below it was refused.
    """
    newest: dict[str, list[str]] = {}
    for file in sorted(storage.list(layout.vectors_folder(directory)), key=lambda f: (-f.modified, f.path)):
        newest.setdefault(file.path.rpartition("/")[2].partition("-")[0], []).append(file.path)
    shard = str(entry["shard"])
    yield from newest.pop(shard, [])[:_NEWEST]
    others = [path for paths in newest.values() for path in paths[:_NEWEST]]
    with ThreadPoolExecutor(16) as threads:
        spans = threads.map(lambda path: _span(storage, path), others)
        for path, (first, last) in zip(others, spans, strict=True):
            if first <= entry["last_date"] and last >= entry["first_date"]:
                yield path


def _span(storage: Storage, path: str) -> tuple[str, str]:
    """Return the first and last date in a vectors file's footer; an unreadable file spans nothing."""
    try:
        with storage.open(path) as file:
            metadata = pq.read_metadata(file).metadata or {}
        return metadata[b"first_date"].decode(), metadata[b"last_date"].decode()
    except (OSError, ValueError, KeyError, MemoryError, pa.ArrowException) as error:
        log.warning("%s has no readable footer (%s); it is passed over", storage.uri(path), error)
        return "9999", "0000"


def _embed(
    encoder: Encoder, papers: pa.Table, hashes: Any, missing: Any, vectors: Vectors, cut: Any, shard: str
) -> None:
    """Embed the missing rows, each different text once."""
    unique, first, back = np.unique(hashes[missing].astype(str), return_index=True, return_inverse=True)
    rows = papers.take(pa.array(missing[first]))
    texts = [text_of(t, a) for t, a in zip(rows["title"].to_pylist(), rows["abstract"].to_pylist(), strict=True)]
    log.info("shard %s: %s embeds %d texts: %s", shard, type(encoder).__name__, len(unique), encoder.reason)
    encoded = encoder.encode(texts, progress=Reporter(log, "embed", shard, len(texts), "papers"))
    vectors[missing] = encoded.vectors[back]
    cut[missing] = encoded.truncated[back]


def write_vectors_file(
    storage: Storage, path: str, papers: pa.Table, vectors: Vectors, cut: Any, model: Model, entry: dict[str, Any]
) -> None:
    """Store one shard's vectors.

    Args:
        storage: the root.
        path: as ``vectors_path`` gives it.
        papers: the shard's, with ``id`` and ``text_hash``.
        vectors: (papers, dimension) float32 unit rows.
        cut: (papers,) bool, which texts the model's limit cut.
        model: what made them.
        entry: the shard's entry in the snapshot's manifest.
    """
    dimension = vectors.shape[1]
    item = pa.field("element", pa.float32(), nullable=False)
    flat = pa.array(vectors.ravel(), pa.float32())
    table = pa.table(
        {
            "id": papers["id"],
            "text_hash": papers["text_hash"],
            "truncated": pa.array(cut),
            "vector": pa.FixedSizeListArray.from_arrays(flat, type=pa.list_(item, dimension)),
        }
    )
    facts = {"model": model.name, "model_key": model.key} | {k: str(entry[k]) for k in ("first_date", "last_date")}
    table = table.replace_schema_metadata(facts)
    with storage.writer(path) as local:
        # Byte stream split puts the floats' exponents side by side, which zstd then packs.
        write_parquet(
            table,
            local,
            row_group_size=_ROW_GROUP,
            use_dictionary=False,
            column_encoding={"vector.list.element": "BYTE_STREAM_SPLIT"},
        )
