"""Reading a record in the API server: bounded memory, plain values, no model and no index."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata import layout
from strata.errors import BadRequest
from strata.published import Published, read_rows, starts
from strata.similar.asked import explain, read_id
from strata.storage import Storage, read_json, read_table

_SHOWN = 300
Row = dict[str, Any]


def summary(storage: Storage, month: str) -> Row:
    """Return the record's summary."""
    return dict(read_json(storage, f"{layout.record(month)}/summary.json"))


def report(storage: Storage, month: str) -> bytes:
    """Return the record's page."""
    return storage.read(f"{layout.record(month)}/report.html")


def topics(storage: Storage, month: str) -> list[Row]:
    """Return the topics: number, name, terms, verdict, papers, ratio."""
    columns = ["topic", "name", "terms", "verdict", "papers", "ratio", "ratio_upper"]
    return read_table(storage, f"{layout.record(month)}/topics.parquet", columns).to_pylist()


def years(storage: Storage, month: str, topic: int) -> list[Row]:
    """Return a topic's windows of twelve months, newest first: year, papers, share."""
    table = read_table(storage, f"{layout.record(month)}/topic_years.parquet", ["topic", "year", "papers", "share"])
    found = table.filter(pc.equal(table["topic"], topic)).to_pylist()
    return sorted(found, key=lambda row: str(row["year"]), reverse=True)


def papers_of(storage: Storage, record: Published, topic: int, year: int) -> list[Row]:
    """Return a topic's papers of one calendar year, newest first, `_SHOWN` at most; reads that year's shards only."""
    low, high = dt.date(year, 1, 1), dt.date(year, 12, 31)
    labels = _column(storage, record, "topic")
    found: list[Row] = []
    for layer, start in zip(record.corpus.layers, starts(record.corpus), strict=True):
        first, last = (dt.date.fromisoformat(layer.entry[end]) for end in ("first_date", "last_date"))
        if last < low or first > high:
            continue
        rows = np.flatnonzero(labels[start : start + layer.rows] == topic)
        path = layout.papers(record.corpus.snapshot, layer.entry["shard"])
        table = read_table(storage, path, ["id", "title", "date"]).take(pa.array(rows))
        found += [row for row in table.to_pylist() if low <= row["date"] <= high]
    return found[::-1][:_SHOWN]


def nearest(storage: Storage, record: Published, asked: str) -> tuple[Row, list[Row]]:
    """Return a paper and its nearest papers, as the record has them.

    Raises:
        BadRequest: the record does not have this paper; says which one may be meant.
    """
    wanted = read_id(asked)
    with storage.open(f"{layout.record(record.month)}/papers.parquet") as file:
        parquet = pq.ParquetFile(file)
        for group in range(parquet.num_row_groups):
            ids = parquet.read_row_group(group, columns=["id"])["id"].combine_chunks()
            place = pc.index(ids, wanted).as_py()
            if place >= 0:
                columns = ["id", "topic", "nearest_ids", "nearest_similarities", "loneliness", "percentile", "field"]
                row = parquet.read_row_group(group, columns=columns).slice(place, 1).to_pylist()[0]
                return _with_titles(storage, record, row)
        everyone = parquet.read(columns=["id"])["id"].combine_chunks()
    raise BadRequest(explain(wanted, everyone, record.month))


def _with_titles(storage: Storage, record: Published, row: Row) -> tuple[Row, list[Row]]:
    ids = [row["id"], *row["nearest_ids"]]
    places = _rows_of(storage, record, ids)
    described = dict(
        zip(places, read_rows(storage, record.corpus, [*places.values()], ["id", "title", "date"]), strict=True)
    )
    near = [
        described[paper] | {"similarity": similarity}
        for paper, similarity in zip(row["nearest_ids"], row["nearest_similarities"], strict=True)
    ]
    return row | described[row["id"]], near


def _rows_of(storage: Storage, record: Published, ids: list[str]) -> dict[str, int]:
    """Return the row numbers of a few papers, row group by row group."""
    found: dict[str, int] = {}
    with storage.open(f"{layout.record(record.month)}/papers.parquet") as file:
        parquet = pq.ParquetFile(file)
        start = 0
        for group in range(parquet.num_row_groups):
            column = parquet.read_row_group(group, columns=["id"])["id"].combine_chunks()
            inside = np.flatnonzero(pc.is_in(column, value_set=pa.array(ids)).to_numpy(zero_copy_only=False))
            found |= {column[int(place)].as_py(): start + int(place) for place in inside}
            start += len(column)
    return found


def _column(storage: Storage, record: Published, name: str) -> Any:
    return read_table(storage, f"{layout.record(record.month)}/papers.parquet", [name])[name].to_numpy()


def compare(storage: Storage, month: str, other: str) -> list[Row]:
    """Return the topics of a month beside those of another one that share most of their papers.

    Topics are clustered anew each month and have no lasting number: the topic of `other` that most of a topic's papers
    are in stands beside it, with the share of them that it holds.
    """
    now, then = (_labels(storage, each) for each in (month, other))
    joined = now.join(then, "id", right_suffix="_then", join_type="inner")
    pairs = joined.group_by(["topic", "topic_then"]).aggregate([("id", "count")]).to_pylist()
    totals: dict[int, int] = {}
    best: dict[int, tuple[int, int]] = {}
    for pair in pairs:
        totals[pair["topic"]] = totals.get(pair["topic"], 0) + pair["id_count"]
        best[pair["topic"]] = max(best.get(pair["topic"], (0, 0)), (pair["id_count"], -pair["topic_then"]))
    before = {row["topic"]: row for row in topics(storage, other)}
    rows = []
    for row in topics(storage, month):
        shared, match = best.get(row["topic"], (0, 0))
        known = before.get(-match) if shared else None
        rows.append(row | {"then": known, "shared": shared / totals[row["topic"]] if shared else None})
    return rows


def _labels(storage: Storage, month: str) -> pa.Table:
    return read_table(storage, f"{layout.record(month)}/papers.parquet", ["id", "topic"])
