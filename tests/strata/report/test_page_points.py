"""What the map's papers are packed into. If these fail, a point tells another paper than it is."""

from __future__ import annotations

import base64

import numpy as np
import pyarrow as pa
import pytest

from strata.report.page.points import LEAST, MOST, pack, pack_ids, room_for


def test_ids_become_numbers_that_the_script_turns_back() -> None:
    numbers, archives = pack_ids(["1706.03762", "0704.0001", "hep-th/9711200", "astro-ph/0001001"])
    assert archives == ["astro-ph", "hep-th"]
    assert numbers.tolist() == [170603762, 70400001, 2**31 + 10_000_000 + 9711200, 2**31 + 1001]


def test_papers_are_sorted_by_topic_and_keep_their_places() -> None:
    placed = pa.table({"id": ["0704.0001", "0704.0002", "0704.0003"], "x": [0.0, 1.0, 4.0], "y": [0.0, 2.0, 1.0]})
    packed = pack(placed, np.array([2, 0, 2]), 3)
    assert packed.counts == [1, 0, 2]
    assert np.frombuffer(base64.b64decode(packed.ids), "<u4").tolist() == [70400002, 70400001, 70400003]
    places = np.frombuffer(base64.b64decode(packed.places), "<u2").reshape(-1, 2).astype(int)
    assert places[1].tolist() == [0, 16384]  # x fills the grid; y, of half its span, lies in the middle
    assert places[2].tolist() == [65535, 32768]


@pytest.mark.parametrize("rest", [0, 1_800_000, 2_500_000, 4_000_000])
def test_the_map_takes_the_room_that_is_left(rest: int) -> None:
    """Too many points and the page is over 3 MB; none, and there is no map."""
    room = room_for(rest)
    assert LEAST <= room <= MOST
    assert room == LEAST or rest + room * 8 * 4 / 3 < 3_000_000
    assert room_for(1_800_000) == MOST


def test_a_sample_is_spread_over_time() -> None:
    papers = 3 * MOST
    ids = [f"{7 + row // 90_000:02d}01.{row % 90_000:05d}" for row in range(papers)]
    placed = pa.table({"id": ids, "x": np.arange(papers, dtype="f4"), "y": np.zeros(papers, "f4")})
    packed = pack(placed, np.zeros(papers, np.int64), 1)
    assert (packed.shown, packed.of) == (MOST, papers)
    across = np.frombuffer(base64.b64decode(packed.places), "<u2")[::2].astype(int)
    assert across[0] == 0
    assert across[-1] == 65535
    assert np.diff(across).max() <= 2
