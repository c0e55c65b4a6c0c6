"""Progress. If these fail, whoever follows a run sees nothing, or nonsense."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strata.progress import Progress, Reporter, format_line, parse_line


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0, 1e6), st.integers(0, 10**7), st.sampled_from("ab"))
def test_what_is_written_can_be_read(done: int, total: int, rate: float, left: int, name: str) -> None:
    progress = Progress("embed", name, done, total, "papers", round(rate, 1), left)
    assert parse_line(f"[info] {format_line(progress)} [strata.embed]") == progress


def test_other_lines_are_no_progress() -> None:
    assert parse_line("shard 00042: 10000 papers") is None


def test_a_reporter_is_not_a_flood_and_always_tells_the_end(caplog: pytest.LogCaptureFixture) -> None:
    report = Reporter(logging.getLogger("strata"), "embed", "00042", 1000, "papers")
    with caplog.at_level(logging.INFO):
        for done in range(1, 1001):
            report(done)
    (told,) = [parse_line(record.getMessage()) for record in caplog.records]
    assert told is not None
    assert (told.done, told.total, told.left_s) == (1000, 1000, 0)
