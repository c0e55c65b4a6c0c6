"""A month's record: tables, findings in words, the page; published whole or not at all.

``tables`` turns arrays into tables, ``describe`` finds names and exemplars, ``changes`` holds the record against the
last one, ``gate`` stops one that is far worse, ``findings`` turns tables into sentences, ``page`` turns all into one
HTML file, ``books`` keeps summary and manifest; this module gathers what they need and puts the record in its place.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from strata import evaluation, layout, lonely, stability, trends
from strata.allowance import peak_memory
from strata.continuity import Last
from strata.corpus import Corpus, hard_flagged, read_papers
from strata.grouping import read_refits
from strata.layout import papers as papers_path
from strata.plan import Plan
from strata.reduce import read_map, read_work
from strata.report import changes, comparison, gate, tables
from strata.report.books import manifest_of, summarize
from strata.report.describe import describe
from strata.report.findings import strongest
from strata.report.page import render
from strata.scratch import temporary_folder
from strata.storage import Storage, read_table, write_parquet

log = logging.getLogger(__name__)

_LISTED_LONELY = 200
_LISTED_FLAGGED = 100
_ROW_GROUP = 20_000
# What the page's command needs of the plan beside selection, model and month.
_PARAMETERS = ("clusters", "clustering", "fresh", "max_drop", "mode", "accept_smaller", "max_refused")


def publish(
    storage: Storage,
    run: Plan,
    manifest: dict[str, Any],
    corpus: Corpus,
    month: str,
    work: str,
    stages: dict[str, Any],
    last: Last | None = None,
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
        last: the record that this one is compared with.

    Raises:
        Degraded: the topics agree far less with arXiv's categories than the last record's; nothing is published.
    """
    start = time.monotonic()
    record, summary = make(storage, run, manifest, corpus, month, work, last)
    with temporary_folder("record") as scratch:
        folder = Path(scratch)
        for name, table in record.items():
            # Row groups small enough that one paper's row is found without reading all.
            write_parquet(table, folder / f"{name}.parquet", row_group_size=_ROW_GROUP)
        (folder / "summary.json").write_bytes(_json(summary))
        (folder / "report.html").write_text(render(summary, record), encoding="utf-8")
        cost = {"seconds": round(time.monotonic() - start, 2), "peak_memory": peak_memory()}
        books = manifest_of(run, manifest, corpus, month, summary, stages | {"report": cost}, folder)
        (folder / "manifest.json").write_bytes(_json(books))
        storage.publish(folder, layout.record(month))


def make(
    storage: Storage,
    run: Plan,
    manifest: dict[str, Any],
    corpus: Corpus,
    month: str,
    work: str,
    last: Last | None = None,
) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Return a record's tables by name, and its summary; the same bits for the same corpus, parameters and `last`."""
    papers = read_papers(storage, corpus, ["id", "title", "primary", "archive", "date", "flags"])
    found, before = read_work(storage, work), changes.Before(storage, last) if last else None
    grouped = found.clustered
    count = grouped.fit["clusters"]
    dates = papers["date"].to_numpy().astype("datetime64[D]")
    counted = ~hard_flagged(papers["flags"])
    archive, category = _codes(papers["archive"]), _codes(papers["primary"])
    agreed = evaluation.evaluate(
        {"theme": grouped.theme, "topic": grouped.topic},
        {"archive": archive, "category": category},
        found.rows,
        counted,
    )
    history = gate.check(agreed, grouped.fit, month, before, run.max_drop)
    snapshot_date = trends.snapshot_date(dates, corpus.month_end)
    limits = trends.Thresholds()

    def judge(label: np.ndarray[Any, Any], clusters: int) -> trends.Trends:
        return trends.judge(label, archive, dates, counted, clusters, snapshot_date, limits)

    judged, themes = judge(grouped.topic, count), judge(grouped.theme, grouped.fit["themes"])
    judged.topics["stability"] = grouped.stability
    trends.uphold(judged, _ratios_in_refits(storage, work, grouped.topic, dates, judged))
    measured = lonely.measure(found.similarities, papers["archive"].to_pylist(), _abstract_words(storage, corpus))
    # Whoever belongs into the list has an exact value: the search has proven it of many more than are listed.
    eligible = lonely.eligible(papers["flags"].to_pylist(), dates, snapshot_date)
    ranked = lonely.ranking(measured, eligible & found.exact, _LISTED_LONELY)
    apart = lonely.set_apart(measured, papers["flags"].to_pylist(), _LISTED_FLAGGED)
    keys, next_key, moved = changes.keys_now(before, papers["id"], grouped.topic, count)
    columns = (papers["id"], papers["title"])
    described = [
        describe(storage, corpus, label, similarity, dates, counted, verdicts)
        for label, similarity, verdicts in (
            (grouped.topic, grouped.similarity, judged),
            (grouped.theme, grouped.theme_similarity, themes),
        )
    ]
    topics = tables.topics_table(judged, described[0], grouped.theme_of, keys, *columns)
    record = {
        "papers": tables.papers_table(
            papers["id"], papers["flags"], grouped.topic, grouped.theme, measured, found.rows, found.similarities
        ),
        "topics": topics,
        "themes": tables.themes_table(themes, described[1], grouped.theme_of, *columns),
        "topic_years": tables.topic_years_table(judged),
        "centroids": tables.centroids_table(grouped, keys),
        "lonely": tables.lonely_table(*columns, papers["date"], papers["flags"], measured, found.rows, ranked),
        "flagged": tables.flagged_table(*columns, papers["date"], papers["flags"], apart),
        "pioneers": tables.pioneers_table(*columns, papers["date"], papers["archive"], grouped.topic, found.pioneers),
        "duplicates": tables.duplicates_table(*columns, found.duplicates),
        "reference": comparison.table(grouped.topic, dates, judged, topics),
    }
    record["changes"] = changes.table(before, moved, topics, record["lonely"])
    placed = read_map(storage, work)
    if placed is not None:
        record["map"] = placed.add_column(0, "id", papers["id"])
    findings = strongest(record, trends.nearest_misses(judged, 1), searched=found.search["method"] == "bounds")
    summary = summarize(run, manifest, corpus, month, judged, papers, ~counted, found, record)
    summary["evaluation"] = agreed | {"history": history}
    summary["parameters"] = parameters(run)
    summary["changes"] = changes.summary(before, moved, month, next_key, record["changes"])
    return record, summary | {"findings": findings}


def parameters(run: Plan) -> dict[str, Any]:
    """Return the parameters of a run as they were asked for, but for those that its selection holds."""
    return {name: getattr(run, name) for name in _PARAMETERS}


def _ratios_in_refits(
    storage: Storage, work: str, topic: np.ndarray[Any, Any], dates: np.ndarray[Any, Any], judged: trends.Trends
) -> np.ndarray[Any, Any]:
    """Recent over peak share of the best match of every topic in every refit, (topics, refits)."""
    span, edges = judged.thresholds.span, judged.edges
    recent = (edges[max(0, len(edges) - 1 - span)] + np.timedelta64(1, "D"), edges[-1])
    start, end = (judged.topics[column].astype("datetime64[D]") for column in ("peak_start", "peak_end"))
    return stability.refit_ratios(topic, read_refits(storage, work), len(start), dates, (start, end), recent)


def _codes(names: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return a number for every name, in the order of the names; (n,) int64."""
    _, codes = np.unique(names.to_numpy().astype(str), return_inverse=True)
    return codes.astype(np.int64)


def _abstract_words(storage: Storage, corpus: Corpus) -> np.ndarray[Any, Any]:
    """Return the number of words of every abstract; whitespace is collapsed, so spaces tell."""
    counts = []
    for layer in corpus.layers:
        table = read_table(storage, papers_path(corpus.snapshot, layer.entry["shard"]), ["abstract"])
        counts.append(pc.count_substring(table["abstract"].slice(0, layer.rows), " ").to_numpy() + 1)
    return np.concatenate(counts)


def _json(document: Any) -> bytes:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(document, option=options)
