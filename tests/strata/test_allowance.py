"""What a process may use. If these fail, a container's task starts as many threads as the host has processors."""

from __future__ import annotations

from pathlib import Path

import pytest

from strata import allowance


@pytest.mark.parametrize(("text", "expected"), [("max 100000", None), ("200000 100000", 2), ("150000 100000", 2)])
def test_the_control_groups_quota_is_read(tmp_path: Path, text: str, expected: int | None) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert allowance._quota(tmp_path) == expected


def test_the_older_control_groups_are_read_too(tmp_path: Path) -> None:
    assert allowance._quota(tmp_path) is None
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("300000\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert allowance._quota(tmp_path) == 3


def test_a_worker_can_ask_for_less_but_not_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert allowance.processors() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "100000")
    most = allowance.processors()
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert allowance.processors() == most
