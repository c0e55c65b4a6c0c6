"""A month's record: tables, findings in words, the page; published whole or not at all.

``tables`` turns arrays into tables, ``findings`` turns tables into sentences, ``page`` turns both into one HTML file;
this module gathers what they need and puts the record in its place.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import logging
import platform
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata import evaluation, layout, lonely, topics, trends
from strata.allowance import peak_memory
from strata.corpus import Corpus, read_papers
from strata.layout import papers as papers_path
from strata.plan import LAG, Plan
from strata.reduce import hard_flagged, read_map, read_work
from strata.report import tables
from strata.report.findings import strongest
from strata.report.page import render
from strata.storage import Storage, read_table, write_parquet

log = logging.getLogger(__name__)

_LISTED_LONELY = 200
_ROW_GROUP = 20_000
_NAMED_BY = 100  # papers a topic whose words name it
_LIBRARIES = ("torch", "transformers", "sentence-transformers", "faiss-cpu", "scikit-learn", "numpy", "pyarrow")


def publish(
    storage: Storage,
    run: Plan,
    manifest: dict[str, Any],
    corpus: Corpus,
    month: str,
    work: str,
    stages: dict[str, Any],
) -> None:
    """Make a month's record from what the stages left, and put it in the place of the one before.

    Args:
        storage: the root.
        run: the plan.
        manifest: the snapshot's manifest.
        corpus: the month's corpus.
        month: such as ``2019-12``.
        work: where ``cluster`` and ``neighbors`` left their results.
        stages: what each stage so far cost, for the record's manifest.
    """
    start = time.monotonic()
    record, summary = make(storage, run, manifest, corpus, month, work)
    with tempfile.TemporaryDirectory(prefix="strata-record-") as scratch:
        folder = Path(scratch)
        for name, table in record.items():
            # Row groups small enough that one paper's row is found without reading all.
            write_parquet(table, folder / f"{name}.parquet", row_group_size=_ROW_GROUP)
        (folder / "summary.json").write_bytes(_json(summary))
        (folder / "report.html").write_text(render(summary, record), encoding="utf-8")
        cost = {"seconds": round(time.monotonic() - start, 2), "peak_memory": peak_memory()}
        books = _manifest(run, manifest, corpus, month, summary, stages | {"report": cost}, folder)
        (folder / "manifest.json").write_bytes(_json(books))
        storage.publish(folder, layout.record(month))


def make(
    storage: Storage, run: Plan, manifest: dict[str, Any], corpus: Corpus, month: str, work: str
) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Return a record's tables by name, and its summary; the same bits for the same corpus and parameters."""
    papers = read_papers(storage, corpus, ["id", "title", "primary", "archive", "date", "flags"])
    found = read_work(storage, work)
    dates = papers["date"].to_numpy().astype("datetime64[D]")
    hard = hard_flagged(papers["flags"])
    topic, count = found["topic"], found["fit"]["clusters"]
    snapshot_date = trends.snapshot_date(dates, corpus.month_end)
    archives, archive = papers["archive"].to_pylist(), _codes(papers["archive"])
    judged = trends.judge(topic, archive, dates, ~hard, count, snapshot_date, trends.Thresholds())
    text = _topic_text(storage, corpus, found, dates, ~hard, judged)
    measured = lonely.measure(found["similarities"], archives, _abstract_words(storage, corpus))
    # Whoever belongs into the list has an exact value: the search has proven it of many more than are listed.
    eligible = lonely.eligible(papers["flags"].to_pylist(), dates, snapshot_date)
    ranked = lonely.ranking(measured, eligible & found["exact"], _LISTED_LONELY)
    theme = np.arange(count, dtype=np.int32)  # one level of clusters: every topic is its own theme
    columns = (papers["id"], papers["title"])
    record = {
        "papers": tables.papers_table(
            papers["id"], papers["flags"], topic, theme[topic], measured, found["rows"], found["similarities"]
        ),
        "topics": tables.topics_table(judged, text, theme, *columns),
        "topic_years": tables.topic_years_table(judged),
        "lonely": tables.lonely_table(*columns, papers["date"], papers["flags"], measured, found["rows"], ranked),
        "duplicates": tables.duplicates_table(*columns, found["duplicates"]),
    }
    placed = read_map(storage, work)
    if placed is not None:
        record["map"] = placed.add_column(0, "id", papers["id"])
    findings = strongest(record, trends.nearest_misses(judged, 1), searched=found["search"]["method"] == "bounds")
    summary = _summary(run, manifest, corpus, month, judged, papers, hard, found, record)
    summary["evaluation"] = evaluation.evaluate(
        {"topic": topic}, {"archive": archive, "category": _codes(papers["primary"])}, found["rows"], ~hard
    )
    return record, summary | {"findings": findings}


def _codes(names: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return a number for every name, in the order of the names; (n,) int64."""
    _, codes = np.unique(names.to_numpy().astype(str), return_inverse=True)
    return codes.astype(np.int64)


def _topic_text(
    storage: Storage,
    corpus: Corpus,
    found: dict[str, Any],
    dates: np.ndarray[Any, Any],
    counted: np.ndarray[Any, Any],
    judged: trends.Trends,
) -> tables.TopicText:
    topic, similarity, count = found["topic"], found["centroid_similarity"], found["fit"]["clusters"]
    rows = topics.spread_members(topic, counted, _NAMED_BY)
    terms = topics.terms_of(_texts(storage, corpus, rows), topic[rows], count)
    recent = dates > judged.edges[max(0, len(judged.edges) - 1 - judged.thresholds.span)]
    # A topic without recent papers is shown by those of its last window.
    last = judged.topics["last_paper"].astype("datetime64[D]")[topic]
    silent = ~np.isin(topic, topic[recent & counted])
    recent |= silent & (dates > last - np.timedelta64(365, "D"))
    start, end = (judged.topics[column].astype("datetime64[D]")[topic] for column in ("peak_start", "peak_end"))
    at_peak = (dates >= start) & (dates <= end)  # false where a topic has no peak: NaT compares so

    def exemplars(allowed: np.ndarray[Any, Any]) -> list[list[int]]:
        nearest = topics.nearest_to_centroid(topic, similarity, allowed)
        return [nearest.get(number, []) for number in range(count)]

    return tables.TopicText(
        names=[topics.name_of(found_terms, number) for number, found_terms in enumerate(terms)],
        terms=terms,
        exemplars=exemplars(counted),
        peak_exemplars=exemplars(counted & at_peak),
        last_exemplars=exemplars(counted & recent),
    )


def _texts(storage: Storage, corpus: Corpus, rows: np.ndarray[Any, Any]) -> list[str]:
    """Return title and abstract of some papers (row numbers ascending), reading one shard at a time."""
    texts: list[str] = []
    start = 0
    for layer in corpus.layers:
        inside = rows[(rows >= start) & (rows < start + layer.rows)] - start
        if len(inside):
            table = read_table(storage, papers_path(corpus.snapshot, layer.entry["shard"]), ["title", "abstract"])
            table = table.take(pa.array(inside))
            pairs = zip(table["title"].to_pylist(), table["abstract"].to_pylist(), strict=True)
            texts += [f"{title}. {abstract}" for title, abstract in pairs]
        start += layer.rows
    return texts


def _abstract_words(storage: Storage, corpus: Corpus) -> np.ndarray[Any, Any]:
    """Return the number of words of every abstract; whitespace is collapsed, so spaces tell."""
    counts = []
    for layer in corpus.layers:
        table = read_table(storage, papers_path(corpus.snapshot, layer.entry["shard"]), ["abstract"])
        counts.append(pc.count_substring(table["abstract"].slice(0, layer.rows), " ").to_numpy() + 1)
    return np.concatenate(counts)


def _summary(
    run: Plan,
    manifest: dict[str, Any],
    corpus: Corpus,
    month: str,
    judged: trends.Trends,
    papers: pa.Table,
    hard: np.ndarray[Any, Any],
    found: dict[str, Any],
    record: dict[str, pa.Table],
) -> dict[str, Any]:
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
        "topics": found["fit"]["clusters"],
        "clustering": found["fit"],
        "search": found["search"],
        "verdicts": {entry["values"]: entry["counts"] for entry in verdicts},
        "duplicates": len(record["duplicates"]),
        "thresholds": asdict(judged.thresholds),
        "floors": judged.floors._asdict(),
    }


def _manifest(
    run: Plan,
    manifest: dict[str, Any],
    corpus: Corpus,
    month: str,
    summary: dict[str, Any],
    stages: dict[str, Any],
    folder: Path,
) -> dict[str, Any]:
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
        | {"thresholds": summary["thresholds"]},
        "versions": {"python": platform.python_version()}
        | {library: importlib.metadata.version(library) for library in _LIBRARIES},
        "corpus": {"digest": corpus.digest, "papers": corpus.papers, "shards": len(corpus.layers)},
        "counts": {key: summary[key] for key in ("lines", "papers", "refused", "not_selected", "hard_flagged")},
        "clustering": summary["clustering"],
        "search": summary["search"],
        "timings": stages,
        "files": files,
    }


def _json(document: Any) -> bytes:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(document, option=options)
