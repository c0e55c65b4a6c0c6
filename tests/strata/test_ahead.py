"""Work in advance. If these fail, shards come out of order, memory grows with the snapshot, or an error is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from strata.ahead import map_ahead


def test_results_come_in_the_order_of_the_items_however_long_each_takes() -> None:
    def work(item: int) -> int:
        time.sleep(0.02 if item % 3 == 0 else 0)
        return item * item

    assert list(map_ahead(work, range(20), threads=4, ahead=6)) == [item * item for item in range(20)]


def test_no_more_items_are_taken_than_may_be_ahead() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(100):
            taken += 1
            yield item

    results = map_ahead(str, items(), threads=2, ahead=3)
    assert next(results) == "0"
    assert taken == 4
    results.close()  # type: ignore[attr-defined]


def test_an_error_comes_out_in_its_place_and_ends_the_work() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    results = map_ahead(work, range(50), threads=2, ahead=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
