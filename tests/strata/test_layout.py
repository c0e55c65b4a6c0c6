"""Paths. If these fail, a hostile or clumsy name writes outside its folder."""

from __future__ import annotations

import pytest

from strata import layout
from strata.errors import BadRequest


def test_the_layout_that_users_rely_on() -> None:
    assert layout.snapshot_manifest("arxiv-1a") == "snapshots/arxiv-1a/manifest.json"
    assert layout.papers("arxiv-1a", "00042") == "snapshots/arxiv-1a/papers/00042.parquet"
    assert layout.vectors("mini-9f", "00042", "0123") == "vectors/mini-9f/00042-0123.parquet"
    assert layout.record("2019-12") == "records/2019-12"


@pytest.mark.parametrize("name", ["..", "a/b", "../a", "", ".hidden", "a b", "a\n", "é"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        layout.papers(name, "00000")
    with pytest.raises(BadRequest):
        layout.record(name)
