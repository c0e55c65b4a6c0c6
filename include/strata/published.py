"""A published month: its books, the corpus it was made from, and papers found in both by id or by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata import layout
from strata.corpus import Corpus, open_corpus
from strata.errors import BadRequest, IncompleteCorpus
from strata.plan import last_day
from strata.storage import Storage, read_json, read_table
from strata.streaming import reading_vectors, starts


@dataclass(frozen=True)
class Published:
    """A month's record and the corpus behind it; nothing of either is held in memory."""

    month: str
    manifest: dict[str, Any]  # the record's
    corpus: Corpus


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
    with reading_vectors(storage, corpus.layers[0].vectors) as file:
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
    _check_rows(record, len(ids))
    return ids


def find_rows(storage: Storage, record: Published, ids: Sequence[str]) -> dict[str, int]:
    """Return the row numbers of those of some papers that a record has."""
    if not ids:
        return {}
    with storage.open(f"{layout.record(record.month)}/papers.parquet") as file:
        parquet = pq.ParquetFile(file, page_checksum_verification=True)
        _check_rows(record, parquet.metadata.num_rows)
        return rows_of(parquet, ids)


def rows_of(parquet: pq.ParquetFile, ids: Sequence[str]) -> dict[str, int]:
    """Return the rows of some papers; reads only the row groups whose range of ids may hold them."""
    wanted, found, start = set(ids), dict[str, int](), 0
    for group in range(parquet.num_row_groups):
        footer = parquet.metadata.row_group(group)
        if any(_may_hold(footer, paper) for paper in wanted):
            column = parquet.read_row_group(group, columns=["id"])["id"].combine_chunks()
            inside = np.flatnonzero(pc.is_in(column, value_set=pa.array(sorted(wanted))).to_numpy(zero_copy_only=False))
            here = {column[int(place)].as_py(): start + int(place) for place in inside}
            found |= here
            wanted -= set(here)
        start += footer.num_rows
        if not wanted:
            break
    return found


def _may_hold(footer: Any, paper: str) -> bool:
    for number in range(footer.num_columns):
        column = footer.column(number)
        if column.path_in_schema == "id":
            known = column.statistics
            return not (known and known.has_min_max) or known.min <= paper <= known.max
    return True


def _check_rows(record: Published, rows: int) -> None:
    if rows != record.corpus.papers:
        raise IncompleteCorpus(f"the record of {record.month} has {rows} papers, its corpus {record.corpus.papers}")


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
