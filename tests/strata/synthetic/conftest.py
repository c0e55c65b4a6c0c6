"""One generated snapshot of the default size for all tests here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from generated import LONG_LINE, by_id

from strata.synthetic import DEMO_NAME, Truth, read_truth, write_snapshot


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a snapshot of the default size."""
    folder = tmp_path_factory.mktemp("demo")
    write_snapshot(folder, long_line_bytes=LONG_LINE)
    return folder


@pytest.fixture(scope="session")
def truth(demo: Path) -> Truth:
    return read_truth(demo / "truth.json")


@pytest.fixture(scope="session")
def records(demo: Path, truth: Truth) -> dict[str, dict[str, Any]]:
    """The sound records by id, in the file's order."""
    return by_id(demo / DEMO_NAME, truth)
