"""A refreshed snapshot against the one before. If these fail, a broken export passes for a dying science."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from records import created, line, write
from strata.errors import BadSnapshot
from strata.refresh import compare
from strata.shards import Selection, shard_snapshot
from strata.sources import locate
from strata.storage import Storage

LINES = [line(f"0101.{n:05d}", versions=created(f"{n % 28 + 1} Jan {2001 + n // 100}")) for n in range(300)]


def told(
    storage: Storage, path: Path, lines: list[bytes], caplog: pytest.LogCaptureFixture, *, accept: bool = False
) -> str:
    manifest = shard_snapshot(locate(str(write(path, *lines))), Selection(shard_size=100), storage)
    caplog.clear()
    with caplog.at_level(logging.INFO, "strata.refresh"):
        compare(storage, manifest, accept_smaller=accept)
    return caplog.text


def test_a_snapshot_that_shrank_stops_for_a_human(
    storage: Storage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert "the first" in told(storage, tmp_path / "first.jsonl", LINES, caplog)
    with pytest.raises(BadSnapshot, match=r"holds 250 papers.*held 300 papers.*50 are missing.*Accept smaller"):
        told(storage, tmp_path / "half.jsonl", LINES[50:], caplog)
    assert "50 are missing; accepted" in told(storage, tmp_path / "half.jsonl", LINES[50:], caplog, accept=True)


def test_a_few_withdrawn_papers_are_no_loss(storage: Storage, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told(storage, tmp_path / "first.jsonl", LINES, caplog)
    assert "298 papers" in told(storage, tmp_path / "next.jsonl", LINES[2:], caplog)


def test_an_unchanged_snapshot_says_so(storage: Storage, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told(storage, tmp_path / "first.jsonl", LINES, caplog)
    again = told(storage, tmp_path / "again.jsonl", [*LINES[1:], LINES[0]], caplog)
    assert "the very papers" in again


def test_an_older_or_narrower_snapshot_is_not_a_smaller_one(
    storage: Storage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told(storage, tmp_path / "first.jsonl", LINES, caplog)
    assert "the first" in told(storage, tmp_path / "older.jsonl", LINES[:200], caplog)
    source = locate(str(tmp_path / "first.jsonl"))
    compare(storage, shard_snapshot(source, Selection(sample=50, shard_size=100), storage))
