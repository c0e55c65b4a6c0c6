"""What topics and themes are called, and the papers that show them, read from the corpus's own texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from strata import topics, trends
from strata.corpus import Corpus
from strata.layout import papers as papers_path
from strata.report.tables import TopicText
from strata.storage import Storage, read_table

_NAMED_BY = 100  # papers a topic whose words name it


def describe(
    storage: Storage,
    corpus: Corpus,
    label: np.ndarray[Any, Any],
    similarity: np.ndarray[Any, Any],
    dates: np.ndarray[Any, Any],
    counted: np.ndarray[Any, Any],
    judged: trends.Trends,
) -> TopicText:
    """Return names, terms and exemplars of every cluster.

    Args:
        storage, corpus: where the texts are.
        label: (n,) the cluster of every paper.
        similarity: (n,) its cosine to the centroid.
        dates: (n,) datetime64[D].
        counted: (n,) papers that can stand for a cluster.
        judged: its clusters are those of `label`.
    """
    count = len(judged.topics["papers"])
    rows = topics.spread_members(label, counted, _NAMED_BY)
    terms = topics.terms_of(_texts(storage, corpus, rows), label[rows], count)
    recent = dates > judged.edges[max(0, len(judged.edges) - 1 - judged.thresholds.span)]
    # A cluster without recent papers is shown by those of its last window.
    last = judged.topics["last_paper"].astype("datetime64[D]")[label]
    silent = ~np.isin(label, label[recent & counted])
    recent |= silent & (dates > last - np.timedelta64(365, "D"))
    start, end = (judged.topics[column].astype("datetime64[D]")[label] for column in ("peak_start", "peak_end"))
    at_peak = (dates >= start) & (dates <= end)  # false where a cluster has no peak: NaT compares so

    def exemplars(allowed: np.ndarray[Any, Any]) -> list[list[int]]:
        nearest = topics.nearest_to_centroid(label, similarity, allowed)
        return [nearest.get(number, []) for number in range(count)]

    return TopicText(
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
