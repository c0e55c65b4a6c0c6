"""Reading a record in the API server: row group by row group, so that memory does not grow with the corpus.

The rows of a record's ``papers.parquet`` are those of the snapshot's shards, one after another: who knows how many
papers each shard has knows in which one a row's title is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata import layout
from strata.errors import BadRequest
from strata.flags import HARD
from strata.published import rows_of
from strata.similar.asked import explain, nearest_id, read_id
from strata.storage import Storage, read_json, read_table

SHOWN = 300
"""papers of a topic and year that are listed at most"""

Row = dict[str, Any]
_TOPIC_COLUMNS = ["topic", "name", "terms", "verdict", "papers", "ratio", "ratio_upper"]
_PAPER_COLUMNS = ["id", "topic", "flags", "nearest_ids", "nearest_similarities", "loneliness", "percentile", "field"]


@dataclass(frozen=True)
class Shard:
    """Some consecutive rows of a record, whose titles and dates are in one file."""

    path: str
    first: int  # row of the record
    rows: int
    first_date: dt.date
    last_date: dt.date


def summary(storage: Storage, month: str) -> Row:
    """Return the record's summary."""
    return dict(read_json(storage, f"{layout.record(month)}/summary.json"))


def topics(storage: Storage, month: str) -> list[Row]:
    """Return the topics: number, name, terms, verdict, papers, ratio and its upper limit."""
    return list(read_table(storage, f"{layout.record(month)}/topics.parquet", _TOPIC_COLUMNS).to_pylist())


def windows(storage: Storage, month: str, topic: int) -> list[Row]:
    """Return a topic's windows of twelve months, oldest first: the last day of each, papers, share."""
    table = read_table(storage, f"{layout.record(month)}/topic_years.parquet", ["topic", "year", "papers", "share"])
    found = table.filter(pc.equal(table["topic"], topic)).to_pylist()
    return sorted(({**row, "end": dt.date.fromisoformat(row["year"])} for row in found), key=lambda row: row["end"])


def shards(storage: Storage, month: str) -> list[Shard]:
    """Return where the titles of a record's papers are; empty if its snapshot has been pruned."""
    books = read_json(storage, f"{layout.record(month)}/manifest.json")
    path = layout.snapshot_manifest(books["snapshot"])
    if not storage.exists(path):
        return []
    with storage.open(_papers(month)) as file:
        left = pq.read_metadata(file).num_rows
    found, first = [], 0
    for entry in read_json(storage, path)["shards"]:
        rows = min(int(entry["papers"]), left - first)  # the month may end within a shard
        if rows <= 0:
            break
        days = [dt.date.fromisoformat(entry[end]) for end in ("first_date", "last_date")]
        found.append(Shard(layout.papers(books["snapshot"], entry["shard"]), first, rows, days[0], days[1]))
        first += rows
    return found


def papers_between(
    storage: Storage, month: str, topic: int, after: dt.date, until: dt.date, most: int = SHOWN
) -> list[Row]:
    """Return a topic's papers of some time, (after, until], newest first: id, title, date; no more than `most`.

    Those that no rate counts (withdrawn, no research) are left out, so that there are as many as the window says.
    """
    found: list[Row] = []
    with storage.open(_papers(month)) as file:
        parquet = pq.ParquetFile(file)
        for shard in reversed(shards(storage, month)):
            if shard.last_date <= after or shard.first_date > until:
                continue
            labels = _rows(parquet, ["topic", "flags"], shard.first, shard.rows)
            members = np.flatnonzero(labels["topic"].to_numpy() == topic)
            flags = labels["flags"].take(pa.array(members)).to_pylist()
            counted = [int(row) for row, marks in zip(members, flags, strict=True) if HARD.isdisjoint(marks or [])]
            table = read_table(storage, shard.path, ["id", "title", "date"]).take(pa.array(counted, pa.int64()))
            found += [row for row in table.to_pylist()[::-1] if after < row["date"] <= until]
            if len(found) >= most:
                break
    return found[:most]


def nearest(storage: Storage, month: str, asked: str) -> tuple[Row, list[Row]]:
    """Return a paper and its nearest papers, as the record has them: id, title, date, similarity.

    Raises:
        BadRequest: the record does not have this paper; says which one may be meant.
    """
    wanted = read_id(asked)
    with storage.open(_papers(month)) as file:
        parquet = pq.ParquetFile(file)
        row = rows_of(parquet, [wanted]).get(wanted)
        if row is None:
            raise BadRequest(_explained(parquet, wanted, month))
        (paper,) = _rows(parquet, _PAPER_COLUMNS, row, 1).to_pylist()
        places = rows_of(parquet, [wanted, *paper["nearest_ids"]])
    described = describe(storage, month, places)
    pairs = zip(paper["nearest_ids"], paper["nearest_similarities"], strict=True)
    return paper | described[wanted], [described[near] | {"similarity": similarity} for near, similarity in pairs]


def describe(storage: Storage, month: str, places: dict[str, int]) -> dict[str, Row]:
    """Return id, title and date of papers by their rows; the id stands in for a title that has been pruned."""
    found: dict[str, Row] = {paper: {"id": paper, "title": paper, "date": None} for paper in places}
    for shard in shards(storage, month):
        inside = [row for row in places.values() if shard.first <= row < shard.first + shard.rows]
        if inside:
            taken = read_table(storage, shard.path, ["id", "title", "date"]).take(
                pa.array([row - shard.first for row in inside])
            )
            found |= {row["id"]: row for row in taken.to_pylist()}
    return found


def batches(storage: Storage, month: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield columns of a record's papers, some rows at a time."""
    with storage.open(_papers(month)) as file:
        yield from pq.ParquetFile(file).iter_batches(columns=columns, use_threads=False)


def _papers(month: str) -> str:
    return f"{layout.record(month)}/papers.parquet"


def _rows(parquet: pq.ParquetFile, columns: list[str], first: int, rows: int) -> pa.Table:
    """Return columns of consecutive rows; reads only the row groups they lie in."""
    start, groups, skipped = 0, [], 0
    for group in range(parquet.num_row_groups):
        size = parquet.metadata.row_group(group).num_rows
        if start < first + rows and start + size > first:
            groups.append(group)
        elif not groups:
            skipped = start + size
        start += size
    return parquet.read_row_groups(groups, columns=columns).slice(first - skipped, rows)


def _explained(parquet: pq.ParquetFile, wanted: str, month: str) -> str:
    """Return why a paper is not found; the ids that it may be are looked for in one row group after another."""
    near = []
    for group in range(parquet.num_row_groups):
        found = nearest_id(wanted, parquet.read_row_group(group, columns=["id"])["id"].combine_chunks())
        near += [found] if found else []
    return explain(wanted, pa.array(near, pa.string()), month)
