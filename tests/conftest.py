"""What the tests share: one generated snapshot with planted truth, and a fast stand-in for a model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from strata.storage import Storage, connect

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """An empty root."""
    return connect(str(tmp_path / "root"))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a small model with random weights."""
    import tiny_model

    return str(tiny_model.save(tmp_path_factory.mktemp("tiny")))
