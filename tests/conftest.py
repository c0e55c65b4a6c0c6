"""What the tests share: one generated snapshot with planted truth, and a fast stand-in for a model."""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from strata.storage import Storage, connect

sys.path.insert(0, str(Path(__file__).parent))

import s3

# A busy machine is no fault of the code: no example has to be done in so many milliseconds.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, those that run a scheduler: begun last, they would keep one process busy alone."""
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("celery", "scheduler"))))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of the page in one process: they share an API server, which takes a minute to start."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileOrServer(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/plugins" if nodeid.startswith("tests/plugins/") else str(super()._split_scope(nodeid))

    return ByFileOrServer(config, log) if config.getvalue("dist") == "loadfile" else None


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


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Endpoint]:
    """A real S3 endpoint with an empty bucket ``fossils``."""
    with s3.serving(tmp_path_factory.mktemp("s3") / "data", "fossils") as endpoint:
        yield endpoint


@pytest.fixture
def s3_root(s3_endpoint: s3.Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An empty root in that bucket; the environment leads to it."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in s3_endpoint.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://fossils/{tmp_path.name}-{uuid.uuid4().hex[:8]}"
