"""What the tests share: one generated snapshot with planted truth, and a fast stand-in for a model."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from strata.storage import Storage, connect

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session", autouse=True)
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the code puts into the system's temporary folder apart from that of another run of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
        patch.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """An empty root."""
    return connect(str(tmp_path / "root"))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a small model with random weights."""
    import tiny_model

    return str(tiny_model.save(tmp_path_factory.mktemp("tiny")))
