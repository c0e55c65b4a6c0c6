"""The month after. If these fail, that exactly what changed is embedded again cannot be tested."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from generated import by_id, day_of, digest

from strata.errors import BadRequest
from strata.synthetic import DEMO_NAME, next_month, read_truth, truth_path


def test_the_next_month_changes_and_adds_exactly_what_it_says(demo: Path, tmp_path: Path) -> None:
    """Otherwise "embeds exactly those 100" could not be tested."""
    before_truth = read_truth(demo / "truth.json")
    after = next_month(demo / DEMO_NAME, tmp_path / "later.jsonl", changed=100, added=30, seed=5)
    old, new = by_id(demo / DEMO_NAME, before_truth), by_id(tmp_path / "later.jsonl", after.truth)
    assert len(set(after.changed)) == 100 and len(set(after.added)) == 30
    assert set(new) - set(old) == set(after.added) and set(old) <= set(new)

    def text(record: dict[str, Any]) -> str:
        return " ".join(f"{record['title']} {record['abstract']}".split())

    assert {paper for paper in old if text(old[paper]) != text(new[paper])} == set(after.changed)
    assert {paper for paper in old if old[paper] != new[paper]} == set(after.changed)
    assert all(day_of(old[paper]) == day_of(new[paper]) for paper in old)
    assert all(f"{day_of(new[paper]):%Y-%m}" == after.month == "2025-01" for paper in after.added)
    assert list(new) == sorted(new)
    titles = Counter(" ".join(record["title"].split()) for record in new.values())
    assert all(titles[" ".join(new[paper]["title"].split())] == 1 for paper in after.added)


def test_the_next_month_keeps_its_books(demo: Path, tmp_path: Path) -> None:
    """Otherwise a chain of months could not be judged by its truth."""
    before = read_truth(demo / "truth.json")
    target = tmp_path / "later.jsonl"
    after = next_month(demo / DEMO_NAME, target, changed=10, added=20, seed=5)
    assert read_truth(truth_path(target)) == after.truth
    assert after.truth.papers == before.papers + 20
    assert after.truth.lines == before.lines + 20 == len(target.read_bytes().splitlines())
    old, new = (demo / DEMO_NAME).read_bytes().splitlines(), target.read_bytes().splitlines()
    assert [(new[bad.line - 1], bad.reason) for bad in after.truth.bad_lines] == [
        (old[bad.line - 1], bad.reason) for bad in before.bad_lines
    ]
    again = next_month(target, tmp_path / "later still.jsonl", changed=3, added=4, seed=5)
    assert again.month == "2025-02" and again.truth.papers == before.papers + 24
    assert not set(again.added) & set(after.added)


def test_the_next_month_is_the_same_for_the_same_arguments(demo: Path, tmp_path: Path) -> None:
    """Otherwise two runs of a test would embed different papers."""
    digests = set()
    for folder in ("one", "two"):
        next_month(demo / DEMO_NAME, tmp_path / folder / "later.jsonl", changed=10, added=20, seed=5)
        digests.add(digest(tmp_path / folder / "later.jsonl"))
    assert len(digests) == 1


def test_the_next_month_refuses_what_it_cannot_do(demo: Path, tmp_path: Path) -> None:
    """Otherwise a test could count on more changes than there are papers, or lose its source."""
    with pytest.raises(BadRequest, match="cannot be changed"):
        next_month(demo / DEMO_NAME, tmp_path / "later.jsonl", changed=10_000, added=0, seed=1)
    with pytest.raises(BadRequest, match="file of its own"):
        next_month(demo / DEMO_NAME, demo / DEMO_NAME, changed=1, added=0, seed=1)
