"""The map's papers packed for the page: sorted by topic, places as 16-bit numbers, ids as 32-bit ones, in base64."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

MOST = 100_000
LEAST = 10_000
_PAGE_BYTES = 2_950_000  # what the page may weigh with its map
_POINT_BYTES = 8 * 4 / 3
_GRID = 65_535
_OLD = 2**31
_ARCHIVE_SPAN = 10_000_000


@dataclass(frozen=True)
class Points:
    """Papers on the map, those of topic 0 first, then those of topic 1, and so on."""

    shown: int
    of: int
    counts: list[int]  # papers of each topic
    places: str  # base64 of uint16 little-endian x, y, x, y ...
    ids: str  # base64 of uint32 little-endian; see `pack_ids`
    archives: list[str]  # of old ids, by number


def room_for(rest: int) -> int:
    """How many papers the page has room for beside all else in it, of so many bytes, to stay under 3 MB."""
    return int(min(MOST, max((_PAGE_BYTES - rest) / _POINT_BYTES, LEAST)))


def pack(placed: pa.Table, topic: np.ndarray[Any, Any], topics: int, most: int = MOST) -> Points:
    """Return the papers to draw: all, or as many as there is room for, evenly spread over time.

    Args:
        placed: the record's map: id, x, y, in order of time.
        topic: (n,) topic of each paper.
        topics: how many topics there are.
        most: how many papers there is room for.
    """
    papers = len(placed)
    rows = np.arange(papers) if papers <= most else np.linspace(0, papers - 1, most).astype(np.int64)
    rows = rows[np.argsort(topic[rows], kind="stable")]
    places = np.stack([placed[axis].to_numpy()[rows] for axis in ("x", "y")], axis=1)
    numbers, archives = pack_ids(placed["id"].take(pa.array(rows)).to_pylist())
    return Points(
        shown=len(rows),
        of=papers,
        counts=np.bincount(topic[rows], minlength=topics).tolist(),
        places=base64.b64encode(_on_grid(places).tobytes()).decode(),
        ids=base64.b64encode(numbers.tobytes()).decode(),
        archives=archives,
    )


def pack_ids(ids: list[str]) -> tuple[np.ndarray[Any, np.dtype[np.uint32]], list[str]]:
    """Return ids as numbers, and the archives that numbers of old ids refer to.

    ``1706.03762`` is 1706 * 100,000 + 3762, with five digits from 1501 on and four before; ``hep-th/9711200`` is
    2**31 + 10,000,000 * the archive's number + 9711200.
    """
    archives = sorted({paper.rpartition("/")[0] for paper in ids if "/" in paper})
    number_of = {archive: number for number, archive in enumerate(archives)}
    numbers = []
    for paper in ids:
        archive, slash, number = paper.rpartition("/")
        if slash:
            numbers.append(_OLD + _ARCHIVE_SPAN * number_of[archive] + int(number))
        else:
            month, _, count = number.partition(".")
            numbers.append(int(month) * 100_000 + int(count))
    return np.array(numbers, "<u4"), archives


def _on_grid(places: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return places as whole numbers of 16 bits; both axes have one scale, so that shapes stay."""
    if not len(places):
        return np.empty((0, 2), "<u2")
    low, high = places.min(axis=0), places.max(axis=0)
    scale = _GRID / (float((high - low).max()) or 1.0)
    middle = (_GRID - (high - low) * scale) / 2
    numbers: np.ndarray[Any, Any] = np.clip(np.round((places - low) * scale + middle), 0, _GRID).astype("<u2")
    return numbers
