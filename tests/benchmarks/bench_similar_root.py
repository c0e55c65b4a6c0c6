"""A root with one record of a corpus of any size, as the stages would leave what `similar` and `export` read of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import bench_reduce_vectors as grown
import numpy as np
import pyarrow as pa

from strata import layout, papers
from strata.corpus import open_corpus
from strata.embed import vectors_path, write_vectors_file
from strata.encoders import Model
from strata.shards import content_digest
from strata.storage import Storage, connect, write_json, write_parquet

SNAPSHOT, MONTH, END = "grown", "2026-10", dt.date(2026, 10, 31)
MODEL = Model("grown", Path(), "0" * 64, "grown-384", 384, 256, "", "mean")
FIRST_MONTH = 12 * 2007 + 4 - 1  # April 2007: from here on ids are yymm.number
_WORDS = "sparse random graphs quantum spin chains lattice gauge fields neural transport bounds for learning of".split()
_CATEGORIES = (
    ("cs.LG", "stat.ML"),
    ("hep-th",),
    ("math.CO", "cs.DM"),
    ("cond-mat.str-el", "quant-ph"),
    ("astro-ph.GA",),
)


def make(folder: Path, corpus: grown.Grown) -> Storage:
    """Write snapshot, vectors and record of a grown corpus, 10,000 papers a shard; what is whole there stays."""
    storage = connect(str(folder))
    if storage.exists(f"{layout.record(MONTH)}/manifest.json"):
        return storage
    entries, tables = [], []
    for number, vectors in enumerate(corpus.blocks()):
        table = invented_papers(number * grown.BLOCK, len(vectors), corpus.papers)
        entries.append(_shard(storage, f"{number:05d}", table, vectors))
        tables.append(table.select(["id"]))
    counts = {"lines": corpus.papers, "papers": corpus.papers, "refused": 0, "not_selected": 0}
    manifest = {"snapshot": SNAPSHOT, "shards": entries} | counts
    write_json(storage, layout.snapshot_manifest(SNAPSHOT), manifest)
    digest = open_corpus(storage, manifest, END, MODEL.directory, MODEL.key, MODEL.dimension).digest
    listed = pa.concat_tables(tables)
    listed = listed.append_column("topic", pa.array(np.arange(len(listed), dtype=np.int32) % 2000))
    with storage.writer(f"{layout.record(MONTH)}/papers.parquet") as local:
        write_parquet(listed, local, row_group_size=20_000)
    model = {"name": MODEL.name, "key": MODEL.key, "directory": MODEL.directory}
    books = {"month": MONTH, "snapshot": SNAPSHOT, "model": model, "corpus": {"digest": digest}}
    write_json(storage, f"{layout.record(MONTH)}/manifest.json", books)
    return storage


def invented_papers(first: int, rows: int, of: int) -> pa.Table:
    """Rows `first` to `first + rows` of a table of `of` papers that arrive evenly from April 2007 on."""
    last_month = 12 * END.year + END.month
    each = -(-of // (last_month - FIRST_MONTH))  # papers a month
    month, number = np.divmod(np.arange(first, first + rows), each)
    year, month = np.divmod(FIRST_MONTH + month, 12)
    days = np.array(12 * (year - 1970) + month, "datetime64[M]").astype("datetime64[D]") + 28 * number // each
    ids = [f"{y % 100:02d}{m + 1:02d}.{n + 1:05d}" for y, m, n in zip(year, month, number, strict=True)]
    words = np.array(_WORDS)[np.random.default_rng(first).integers(0, len(_WORDS), (rows, 9))]
    titles = [" ".join(line) for line in words.tolist()]
    categories = [_CATEGORIES[row % len(_CATEGORIES)] for row in range(first, first + rows)]
    columns = {
        "id": ids,
        "title": titles,
        "abstract": [f"We study {title}." for title in titles],
        "categories": categories,
        "primary": [listed[0] for listed in categories],
        "archive": [listed[0].partition(".")[0] for listed in categories],
        "date": pa.array(days),
        "comments": [None] * rows,
        "flags": [[]] * rows,
        "text_hash": [f"{row:032x}" for row in range(first, first + rows)],
    }
    return pa.table(columns, schema=papers.SCHEMA)


def _shard(storage: Storage, shard: str, table: pa.Table, vectors: grown.Vectors) -> dict[str, Any]:
    with storage.writer(layout.papers(SNAPSHOT, shard)) as local:
        write_parquet(table, local, use_dictionary=False)
    dates = table["date"].to_pylist()
    entry = {
        "shard": shard,
        "papers": len(table),
        "content": content_digest(table["id"].to_pylist(), table["text_hash"].to_pylist()),
        "first_date": min(dates).isoformat(),
        "last_date": max(dates).isoformat(),
    }
    path = vectors_path(MODEL.directory, MODEL.key, shard, entry["content"])
    write_vectors_file(storage, path, table, vectors, np.zeros(len(table), bool), MODEL, entry)
    return entry
