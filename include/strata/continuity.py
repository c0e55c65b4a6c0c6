"""From one record to the next: topics keep their keys, and each record says what has changed since the last.

A topic's number is its place in one record's tables. Its key, such as ``T-000123``, is for good: it passes to the topic
of the next record that most of its papers went to. Matching is on the papers that both records hold, by Jaccard's index
and the best assignment of all pairs (Kuhn 1955); the kinds of transition are those of MONIC (Spiliopoulou et al. 2006),
with thresholds of our own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strata import layout
from strata.clustering import Levels, Method, unit
from strata.corpus import Corpus, read_papers
from strata.grouping import Start, matrix
from strata.published import months
from strata.storage import Storage, read_json, read_table

Labels = npt.NDArray[np.integer[Any]]

MOST, PART = 0.5, 0.25
"""of a topic's papers: gone to one topic, it lives on there; two such parts, it has split"""
LIKE, STEP = 0.25, 0.05
"""numbers of topics that differ by more are another clustering; by how much they grow at a time"""
SAME = 0.5
"""of an earlier record's papers: fewer in the corpus, and it is a record of something else"""
CENTROIDS = "centroids.parquet"

log = logging.getLogger(__name__)


class Key(NamedTuple):
    """What two records must have in common for their topics to be compared."""

    model: str
    categories: tuple[str, ...]
    sample: int | None
    seed: int


@dataclass(frozen=True)
class Last:
    """The newest earlier record of the same model and selection: its month and its manifest."""

    month: str
    manifest: dict[str, Any]

    @property
    def clustering(self) -> dict[str, Any]:
        """How it was clustered."""
        return dict(self.manifest["clustering"])


def last_record(storage: Storage, corpus: Corpus, wanted: Key) -> Last | None:
    """Find the newest record of an earlier month whose topics can be compared with a corpus's; None for none.

    arXiv never takes a paper back, so most papers of an earlier record are in every later corpus. A record of other
    papers (the demo's, another excerpt's) is none of the same story, though it may lie in the same root.
    """
    month, ids = f"{corpus.month_end:%Y-%m}", None
    for earlier in months(storage):
        if earlier >= month:
            continue
        manifest = dict(read_json(storage, f"{layout.record(earlier)}/manifest.json"))
        if CENTROIDS not in manifest["files"] or _key(manifest) != wanted:
            continue
        if ids is None:
            ids = read_papers(storage, corpus, ["id"])["id"].combine_chunks()
        before = read_table(storage, f"{layout.record(earlier)}/papers.parquet", ["id"])["id"]
        shared = pc.sum(pc.is_in(before, value_set=ids)).as_py() or 0
        if shared >= SAME * len(before):
            return Last(earlier, manifest)
        log.info("the record of %s is of other papers: %d of its %d are here", earlier, shared, len(before))
    return None


def goes_on(last: Last, levels: Levels, method: Method) -> bool:
    """Whether topics can go on from the last record's: both by FAISS, and about as many as wanted.

    MiniBatchKMeans is there to repeat the reference's run, which knew no earlier one.
    """
    before = last.clustering
    return bool(before["method"] == method == "faiss" and abs(levels.topics / before["clusters"] - 1) <= LIKE)


def steady_levels(levels: Levels, start: Start) -> Levels:
    """The numbers to cluster with when going on: those of before until the rule asks for clearly more.

    A few topics more each month would move all others; so they are added in steps of a twentieth.
    """
    if levels.topics > len(start.topics) * (1 + STEP):
        return levels
    return Levels(len(start.themes), len(start.topics))


def start_from(storage: Storage, last: Last) -> Start:
    """Where a clustering goes on from: the centroids that the last record was published with."""
    table = read_table(storage, f"{layout.record(last.month)}/{CENTROIDS}")
    topics, theme = matrix(table["centroid"]), table["theme"].to_numpy()
    weight = np.maximum(table["papers"].to_numpy(), 1)
    sums = np.zeros((int(theme.max()) + 1, topics.shape[1]))
    np.add.at(sums, theme, topics * weight[:, None])
    return Start(last.month, topics, unit(sums))


def _key(manifest: dict[str, Any]) -> Key:
    given = manifest["parameters"]
    return Key(manifest["model"]["key"], tuple(given["categories"]), given["sample"], given["seed"])


@dataclass(frozen=True)
class Transitions:
    """What became of the topics of before, and where those of now come from.

    successor: (a,) the topic of now that has its key, -1 for none. fate: (a,) survived, split, merged or vanished.
    heir: (a,) the topic of now with most of its papers, -1 for none. parent: (b,) the topic of before with the largest
    part of a topic of now that has no key of before, -1 for none: then it is new. reassigned: part of the shared papers
    that are not where their topic's key went. shared: how many papers both hold.
    """

    successor: npt.NDArray[np.int64]
    fate: list[str]
    heir: npt.NDArray[np.int64]
    parent: npt.NDArray[np.int64]
    reassigned: float
    shared: int


def match(before: Labels, now: Labels, count_before: int, count_now: int) -> Transitions:
    """Match topics on shared papers: `before` and `now`, (m,), are each paper's topic then and now."""
    from scipy.optimize import linear_sum_assignment

    both = np.zeros((count_before, count_now), np.int64)
    np.add.at(both, (before, now), 1)
    sizes_before, sizes_now = both.sum(axis=1), both.sum(axis=0)
    of_before = both / np.maximum(sizes_before, 1)[:, None]
    of_now = both / np.maximum(sizes_now, 1)[None, :]
    jaccard = both / np.maximum(sizes_before[:, None] + sizes_now[None, :] - both, 1)
    successor = np.full(count_before, -1)
    for one, other in zip(*linear_sum_assignment(-jaccard), strict=True):
        most = of_before[one, other] >= MOST
        if most or (of_before[one, other] >= PART and of_now[one, other] >= MOST):
            successor[one] = other
    heir = np.where(sizes_before > 0, both.argmax(axis=1), -1)
    parts = (of_before >= PART).sum(axis=1)
    fate = [
        "split" if parts[one] >= 2
        else "survived" if successor[one] >= 0
        else "merged" if sizes_before[one] and of_before[one, heir[one]] >= MOST
        else "vanished"
        for one in range(count_before)
    ]  # fmt: skip
    parent = np.where(of_now.max(axis=0, initial=0) >= PART, both.argmax(axis=0) if count_before else -1, -1)
    parent[successor[successor >= 0]] = -1
    kept = np.count_nonzero(successor[before] == now)
    reassigned = 1 - kept / len(before) if len(before) else float("nan")
    return Transitions(successor, fate, heir, parent, float(reassigned), len(before))


def first_keys(count: int) -> list[str]:
    """Keys of a first record's topics."""
    return [key_of(number) for number in range(count)]


def key_of(number: int) -> str:
    """The key of the topic that was the `number`-th to be seen, from 0."""
    return f"T-{number + 1:06d}"


def pass_on(found: Transitions, before: list[str], count_now: int, next_number: int) -> tuple[list[str], int]:
    """Keys of the topics of now: those of before where a topic lives on, unused ones elsewhere; and the next number."""
    keys = [""] * count_now
    for key, other in zip(before, found.successor, strict=True):
        if other >= 0:
            keys[other] = key
    for number in range(count_now):
        if not keys[number]:
            keys[number] = key_of(next_number)
            next_number += 1
    return keys, next_number


def shared_topics(ids: pa.ChunkedArray, topic: Labels, earlier: pa.Table) -> tuple[Labels, Labels]:
    """Topic then and now of the papers that both records hold, each (m,).

    Args:
        ids: of the papers of now.
        topic: their topics.
        earlier: id and topic of the earlier record's papers.
    """
    place = pc.index_in(ids, value_set=earlier["id"].combine_chunks()).to_numpy()
    there = ~np.isnan(place) if place.dtype.kind == "f" else np.ones(len(place), bool)
    return earlier["topic"].to_numpy()[place[there].astype(np.int64)], topic[there]
