"""A month's matrix is refused, by name, when anything of it is missing, foreign or damaged: half a corpus misleads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strata import layout
from strata.corpus import Corpus, open_corpus, read_vectors
from strata.embed import vectors_path
from strata.errors import BadVectors, IncompleteCorpus
from strata.storage import Storage

KEY = "k" * 16
WIDTH = 8


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


def rows_of(shard: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    rows = np.random.default_rng(shard).standard_normal((5, WIDTH))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def write_vectors(storage: Storage, shard: int, rows: Any, key: str = KEY, ids: list[str] | None = None) -> None:
    ids = ids or [f"{shard}-{row}" for row in range(len(rows))]
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel(), pa.float32()), rows.shape[1])
    table = pa.table({"id": ids, "text_hash": ids, "vector": vectors}).replace_schema_metadata({"model_key": key})
    with storage.writer(vectors_path("m", KEY, f"{shard:05d}", f"c{shard}")) as local:
        pq.write_table(table, local, write_page_checksum=True)


def opened(storage: Storage) -> Corpus:
    entries = [
        {"shard": f"{shard:05d}", "papers": 5, "content": f"c{shard}", "first_date": f"200{shard}-01-01"}
        for shard in range(3)
    ]
    manifest = {"snapshot": "s", "lines": 15, "papers": 15, "refused": 0, "not_selected": 0, "shards": entries}
    return open_corpus(storage, manifest, dt.date(2002, 1, 3), "m", KEY, WIDTH)


@pytest.fixture
def three_shards(storage: Storage) -> Storage:
    for shard in range(3):
        ids = [f"{shard}-{row}" for row in range(5)]
        dates = pa.array([dt.date(2000 + shard, 1, 1 + row) for row in range(5)], pa.date32())
        with storage.writer(layout.papers("s", f"{shard:05d}")) as local:
            pq.write_table(pa.table({"id": ids, "text_hash": ids, "date": dates}), local)
        write_vectors(storage, shard, rows_of(shard))
    return storage


def test_the_matrix_holds_every_row_in_the_order_of_time_up_to_the_month(three_shards: Storage) -> None:
    matrix = read_vectors(three_shards, opened(three_shards))
    np.testing.assert_array_equal(matrix, np.concatenate([rows_of(shard) for shard in range(3)])[:13])


def test_it_is_written_once_and_read_by_the_later_stages(three_shards: Storage, scratch: Path) -> None:
    read_vectors(three_shards, opened(three_shards))
    (written,) = scratch.iterdir()
    before = written.stat().st_mtime_ns
    read_vectors(three_shards, opened(three_shards))
    assert [file.stat().st_mtime_ns for file in scratch.iterdir()] == [before]


def nan(rows: Any) -> Any:
    rows[3, 2] = np.nan
    return rows


@pytest.mark.parametrize(
    ("damage", "error", "told"),
    [
        (lambda s: write_vectors(s, 1, nan(rows_of(1))), BadVectors, "row 3 has length nan"),
        (lambda s: write_vectors(s, 1, rows_of(1) * np.float32(1.1)), BadVectors, "not 1"),
        (lambda s: write_vectors(s, 1, rows_of(1)[:4]), IncompleteCorpus, "does not hold the papers of shard 00001"),
        (lambda s: write_vectors(s, 1, rows_of(1), ids=list("abcde")), IncompleteCorpus, "00001"),
        (lambda s: write_vectors(s, 1, rows_of(1), key="another" * 3), BadVectors, "made by the model 'another"),
        (lambda s: write_vectors(s, 1, rows_of(1)[:, :4]), BadVectors, "4 components"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(
    three_shards: Storage, scratch: Path, damage: Callable[[Storage], None], error: type[Exception], told: str
) -> None:
    damage(three_shards)
    with pytest.raises(error, match=told) as raised:
        read_vectors(three_shards, opened(three_shards))
    assert "00001" in str(raised.value) and "lear the embed task" in str(raised.value)
    assert not list(scratch.iterdir()), "a matrix was left that the next run would take for whole"


def test_a_missing_shard_is_named(three_shards: Storage) -> None:
    path = Path(three_shards.root) / vectors_path("m", KEY, "00002", "c2")
    path.unlink()
    with pytest.raises(IncompleteCorpus, match=r"00002-.*embed"):
        opened(three_shards)
