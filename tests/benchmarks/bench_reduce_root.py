"""A root with shards, vectors and manifest of a grown corpus, as the stages before the reduce would leave it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import bench_reduce_vectors as grown
import numpy as np
import pyarrow as pa

from strata import layout
from strata.corpus import Corpus, open_corpus
from strata.embed import vectors_path
from strata.shards import content_digest
from strata.storage import Storage, connect, read_json, write_json, write_parquet

SNAPSHOT, MODEL, KEY = "grown", "grown-384", "0" * 16
END = dt.date(2026, 10, 31)


def make(root: Path, corpus: grown.Grown) -> None:
    """Write the shards of a grown corpus; what is already there stays."""
    storage = connect(str(root))
    if storage.exists(layout.snapshot_manifest(SNAPSHOT)):
        return
    entries = []
    for number, rows in enumerate(corpus.blocks()):
        entries.append(_shard(storage, f"{number:05d}", number * grown.BLOCK, rows))
    papers = corpus.papers
    write_json(
        storage,
        layout.snapshot_manifest(SNAPSHOT),
        {"snapshot": SNAPSHOT, "lines": papers, "papers": papers, "refused": 0, "not_selected": 0, "shards": entries},
    )


def opened(root: Path) -> tuple[Storage, Corpus]:
    """The root's storage and corpus."""
    storage = connect(str(root))
    manifest = read_json(storage, layout.snapshot_manifest(SNAPSHOT))
    return storage, open_corpus(storage, manifest, END, MODEL, KEY, 384)


def _shard(storage: Storage, shard: str, first: int, rows: grown.Vectors) -> dict[str, Any]:
    ids = [f"{first + row:08d}" for row in range(len(rows))]
    date = dt.date(1991, 8, 1) + dt.timedelta(days=first // 220)
    papers = pa.table(
        {
            "id": ids,
            "text_hash": ids,
            "date": pa.array([date] * len(rows), pa.date32()),
            "flags": pa.array([[]] * len(rows), pa.list_(pa.string())),
        }
    )
    with storage.writer(layout.papers(SNAPSHOT, shard)) as local:
        write_parquet(papers, local)
    entry = {"shard": shard, "papers": len(rows), "content": content_digest(ids, ids), "first_date": date.isoformat()}
    item = pa.field("element", pa.float32(), nullable=False)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel(), pa.float32()), type=pa.list_(item, 384))
    table = pa.table({"id": ids, "text_hash": ids, "truncated": np.zeros(len(rows), bool), "vector": vectors})
    table = table.replace_schema_metadata({"model_key": KEY})
    with storage.writer(vectors_path(MODEL, KEY, shard, entry["content"])) as local:
        write_parquet(
            table, local, row_group_size=10_000, use_dictionary=False,
            column_encoding={"vector.list.element": "BYTE_STREAM_SPLIT"},
        )  # fmt: skip
    return entry
