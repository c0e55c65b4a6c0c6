"""Corpora and models at the edge. If these fail, a small or strange corpus ends in a traceback or a false record."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.strata.test_stages import WORDS, run, snapshot

from records import created, line, write
from strata.encoders import Encoded
from strata.errors import BadVectors, StrataError

pytestmark = pytest.mark.drill


def papers(folder: Path, count: int) -> Path:
    """A snapshot of so many papers, all at least two years old at its end."""
    whole = snapshot(folder / "whole.jsonl", range(2001, 2013), 40).read_bytes().splitlines(keepends=True)
    return write(folder / "arxiv.jsonl", *whole[:count])


@pytest.mark.parametrize("count", [1, 2, 9, pytest.param(400, marks=pytest.mark.slow)])
def test_a_corpus_of_any_size_gives_a_whole_record(count: int, tiny_model: str, tmp_path: Path) -> None:
    made = run(tmp_path / "root", papers(tmp_path, count), tiny_model)
    record = tmp_path / "root" / "records" / made["month"]
    assert len(pq.read_table(record / "papers.parquet")) == count
    assert json.loads((record / "summary.json").read_text())["papers"] == count
    assert (record / "report.html").stat().st_size > 10_000


def test_more_topics_than_papers_are_as_many_as_papers(tiny_model: str, tmp_path: Path) -> None:
    made = run(tmp_path / "root", papers(tmp_path, 20), tiny_model, clusters=500)
    record = tmp_path / "root" / "records" / made["month"]
    topics = pq.read_table(record / "topics.parquet")["topic"].to_pylist()
    assert 1 <= len(topics) <= 20
    assert set(pq.read_table(record / "papers.parquet")["topic"].to_pylist()) <= set(topics)


def test_an_abstract_of_100_000_letters_is_cut_by_the_model_and_counted(tiny_model: str, tmp_path: Path) -> None:
    long = " ".join(WORDS * 500)[:100_000]
    lines = [line(f"0101.{n:05d}", abstract=f"{n} {long}", versions=created(f"{n} Jan 2001")) for n in range(1, 12)]
    made = run(tmp_path / "root", write(tmp_path / "arxiv.jsonl", *lines), tiny_model)
    assert sum(shard["truncated"] for shard in made["embedded"]) == 11


@pytest.mark.parametrize("damage", [np.nan, np.inf, 0.0, 2.0])
def test_a_model_that_gives_no_unit_vectors_fails_the_task_and_writes_nothing(
    damage: float, tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        reason = "it is broken on purpose"

        def encode(self, texts: list[str], progress: object = None) -> Encoded:
            vectors = np.zeros((len(texts), 32), np.float32)
            vectors[:, 0] = 1
            vectors[-1] *= damage
            return Encoded(vectors, np.zeros(len(texts), bool))

    monkeypatch.setattr("strata.embed.load", lambda model: Broken())
    with pytest.raises(BadVectors, match="row"):
        run(tmp_path / "root", papers(tmp_path, 30), tiny_model)
    assert not list((tmp_path / "root").rglob("vectors/*/*.parquet"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("month", "../../x"), ("month", "2012-13"), ("model", "../../etc"), ("model", "/etc"),
        ("snapshot", "http://169.254.169.254/latest/meta-data"), ("snapshot", "file:///etc/passwd"),
        ("snapshot", "/dev/zero"), ("categories", "cs.; rm -rf /"),
    ],
)  # fmt: skip
def test_no_parameter_leads_out_of_its_place(name: str, value: str, tiny_model: str, tmp_path: Path) -> None:
    given = {name: value} if name not in ("month",) else {}
    source = given.pop("snapshot", None) or papers(tmp_path, 20)
    model = given.pop("model", None) or tiny_model
    with pytest.raises(StrataError):
        run(tmp_path / "root", source, model, value if name == "month" else "", **given)
    assert not (tmp_path / "root" / "records").exists()
