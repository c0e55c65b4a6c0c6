"""What the tests of the sources share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import server as local_server

from strata.sources import download


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[local_server.Server]:
    """A server that is both Kaggle and the hub."""
    with local_server.serving() as running:
        monkeypatch.setenv("STRATA_KAGGLE_URL", f"{running.url}/api/v1")
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path / "scratch"))
        for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "HF_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield running


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would have been made."""
    made: list[float] = []
    monkeypatch.setattr(download, "_sleep", made.append)
    return made
