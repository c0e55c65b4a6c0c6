"""A snapshot, and the record that an undisturbed run makes of it: what every drill has to end with."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.strata.test_stages import run, snapshot


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """360 papers, 2001 to 2012."""
    return snapshot(tmp_path_factory.mktemp("drills") / "arxiv.jsonl")


@pytest.fixture(scope="session")
def undisturbed(source: Path, tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a run that nothing happened to."""
    root = tmp_path_factory.mktemp("undisturbed") / "root"
    run(root, source, tiny_model)
    return root


@pytest.fixture(autouse=True)
def _own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no matrix of another drill stand in for files that this one has broken."""
    monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path / "scratch"))
