"""A record's summary and its manifest: what it was made from, with what, and what it cost."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata import trends
from strata.corpus import Corpus
from strata.plan import LAG, Plan
from strata.reduce import Found

_LIBRARIES = ("torch", "transformers", "sentence-transformers", "faiss-cpu", "scikit-learn", "numpy", "pyarrow")


def summarize(
    run: Plan,
    manifest: dict[str, Any],
    corpus: Corpus,
    month: str,
    judged: trends.Trends,
    papers: pa.Table,
    hard: np.ndarray[Any, Any],
    found: Found,
    record: dict[str, pa.Table],
) -> dict[str, Any]:
    """Return what is told of a record in numbers."""
    verdicts = pc.value_counts(record["topics"]["verdict"]).to_pylist()
    flags = pc.value_counts(pc.list_flatten(papers["flags"])).to_pylist()
    return {
        "month": month,
        "snapshot": corpus.snapshot,
        "source": manifest["source"]["name"],
        "snapshot_date": judged.snapshot.isoformat(),
        "reaches_month_end": dt.date.fromisoformat(manifest["last_date"]) >= corpus.month_end - LAG,
        "papers": corpus.papers,
        "hard_flagged": int(hard.sum()),
        "flags": {entry["values"]: entry["counts"] for entry in flags},
        "lines": manifest["lines"],
        "refused": manifest["refused"],
        "refused_by_reason": manifest["refused_by_reason"],
        "not_selected": manifest["not_selected"],
        "selection": manifest["selection"],
        "model": run.model,
        "topics": found.clustered.fit["clusters"],
        "themes": found.clustered.fit["themes"],
        "clustering": found.clustered.fit,
        "search": found.search,
        "verdicts": {entry["values"]: entry["counts"] for entry in verdicts},
        "duplicates": len(record["duplicates"]),
        "thresholds": asdict(judged.thresholds),
        "floors": judged.floors._asdict(),
    }


def manifest_of(
    run: Plan,
    manifest: dict[str, Any],
    corpus: Corpus,
    month: str,
    summary: dict[str, Any],
    stages: dict[str, Any],
    folder: Path,
) -> dict[str, Any]:
    """Return a record's books: what it was made from, its files with their digests, what each stage cost."""
    files = {}
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        files[file.name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        if file.suffix == ".parquet":
            files[file.name]["rows"] = pq.read_metadata(file).num_rows
    return {
        "month": month,
        "mode": run.mode,
        "snapshot": manifest["snapshot"],
        "source": manifest["source"],
        "snapshot_date": summary["snapshot_date"],
        "model": {"name": run.model, "key": run.model_key, "directory": run.model_directory},
        "parameters": {"categories": run.categories, "sample": run.sample, "seed": run.seed}
        | {"shard_size": run.shard_size, "clusters": summary["topics"], "max_refused": run.max_refused}
        | {"clustering": run.clustering, "fresh": run.fresh, "max_drop": run.max_drop}
        | {"thresholds": summary["thresholds"]},
        "versions": {"python": platform.python_version()}
        | {library: importlib.metadata.version(library) for library in _LIBRARIES},
        "corpus": {"digest": corpus.digest, "papers": corpus.papers, "shards": len(corpus.layers)},
        "counts": {key: summary[key] for key in ("lines", "papers", "refused", "not_selected", "hard_flagged")},
        "clustering": summary["clustering"],
        "since": summary["changes"]["since"],
        "search": summary["search"],
        "timings": stages,
        "files": files,
    }
