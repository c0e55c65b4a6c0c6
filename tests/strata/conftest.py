"""A published record to read from: made once by the real stages, with vectors that are made of a text's words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from strata import published
from strata.encoders import Encoded
from strata.published import Published
from strata.storage import Storage, connect


class WordEncoder:
    """Adds up one random direction a word, so that papers with the same words are near and others are not."""

    reason = "it needs no model"
    dimension = 32

    def encode(self, texts: list[str], progress: object = None) -> Encoded:
        return Encoded(np.stack([self._vector(text) for text in texts]), np.zeros(len(texts), bool))

    def _vector(self, text: str) -> np.ndarray:
        directions = [np.random.default_rng([*word.encode()]).standard_normal(self.dimension) for word in text.split()]
        total = np.sum(directions, axis=0)
        return (total / np.linalg.norm(total)).astype(np.float32)


@pytest.fixture(scope="session")
def record_root(tmp_path_factory: pytest.TempPathFactory, tiny_model: str) -> Path:
    """A root with records of 2009-12 and 2012-01, of 360 papers in shards of 50; tests must not write to it."""
    from tests.strata.test_stages import run, snapshot

    folder = tmp_path_factory.mktemp("published")
    # Other abstracts than those of other tests' snapshots: the scratch folder keeps one matrix a corpus, and the same
    # texts with another encoder would be taken for the same corpus.
    source = snapshot(folder / "arxiv.jsonl", changed=360)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("strata.embed.load", lambda model: WordEncoder())
        for month in ("2009-12", "2012-01"):
            run(folder / "root", source, tiny_model, month)
    return folder / "root"


@pytest.fixture
def published_storage(record_root: Path) -> Storage:
    """That root."""
    return connect(str(record_root))


@pytest.fixture
def published_record(published_storage: Storage) -> Published:
    """Its newest record."""
    return published.open_record(published_storage, "2012-01")
