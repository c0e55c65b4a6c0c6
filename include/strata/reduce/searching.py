"""What the steps of a search share: the sorted matrix on this machine, and what is kept of a search half done."""

from __future__ import annotations

import hashlib
import io
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from strata import layout
from strata.corpus import Corpus, hard_flagged, read_papers
from strata.progress import Progress, format_line
from strata.scratch import drop_matrix, scratch_matrix
from strata.storage import Storage

if TYPE_CHECKING:
    from strata.neighbors import Partition, Shelf
    from strata.neighbors.large import Arrays, Keep
    from strata.neighbors.similarity import Vectors

log = logging.getLogger(__name__)

NEAREST = 10
NEAR_DUPLICATE = 0.98
_REPORT_EVERY_S = 5.0


def shelf(storage: Storage, corpus: Corpus, work: str, vectors: Vectors) -> Shelf:
    """The sorted matrix, written on this machine first where it is not, with its groups and the rules."""
    from strata.neighbors import Rules, Shelf, sort_into

    groups = _groups(storage, work)
    ordered = scratch_matrix(
        _sorted_name(corpus, groups),
        (corpus.papers, corpus.dimension),
        lambda target: sort_into(vectors, groups, target),
    )
    hard = hard_flagged(read_papers(storage, corpus, ["flags"])["flags"])
    return Shelf(ordered, groups, Rules(hard, None, NEAR_DUPLICATE))


def drop_shelf(storage: Storage, corpus: Corpus, work: str) -> None:
    """Take the sorted matrix away from this machine, when the search is over: no other stage asks for it."""
    drop_matrix(_sorted_name(corpus, _groups(storage, work)))


def _groups(storage: Storage, work: str) -> Partition:
    from strata.neighbors import Partition

    return Partition(**read_arrays(storage, layout.work(work, "groups.npz")))


def _sorted_name(corpus: Corpus, groups: Partition) -> str:
    # Named by the order itself: the same work, clustered again by another number of threads or other code, has another
    # order, and rows in the old one would be taken for other papers.
    return f"sorted-{corpus.digest}-{hashlib.sha256(groups.order.tobytes()).hexdigest()[:32]}"


def keeping(storage: Storage, work: str) -> Keep:
    """Keeps what a search has found under ``work``: a killed one goes on after the last part that was stored."""

    def keep(name: str, make: Callable[[], Arrays]) -> Arrays:
        path = layout.work(work, f"{name}.npz")
        if not storage.exists(path):
            write_arrays(storage, path, make())
            log.info("kept %s", name)
        return read_arrays(storage, path)

    return keep


def write_arrays(storage: Storage, path: str, arrays: Arrays) -> None:
    """Store arrays by name."""
    with storage.writer(path) as local, local.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def read_arrays(storage: Storage, path: str) -> Arrays:
    """Return stored arrays by name."""
    with np.load(io.BytesIO(storage.read(path)), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


class Share:
    """Turns the share done and the seconds left, as each step of a search tells them, into lines of progress."""

    def __init__(self, stage: str, corpus: Corpus, name: str = "") -> None:
        self._stage, self._papers, self._name = stage, corpus.papers, name or f"{corpus.month_end:%Y-%m}"
        self._start = self._last = time.monotonic()
        self._share = 0.0

    def __call__(self, share: float, left_s: float) -> None:
        """Say how far the step is, now and then.

        Args:
            share: of the step that is done, 0 to 1.
            left_s: seconds left, as the step reckons them.
        """
        now = time.monotonic()
        if share < self._share:  # the next step has begun
            self._start = now
        self._share = share
        if now - self._last < _REPORT_EVERY_S:
            return
        self._last = now
        done = round(share * self._papers)
        rate = done / max(now - self._start, 1e-3)
        log.info(
            "%s",
            format_line(Progress(self._stage, self._name, done, self._papers, "papers", rate, round(left_s))),
        )
