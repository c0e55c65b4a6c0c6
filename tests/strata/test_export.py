"""The vectors in other formats, opened with the libraries that people open them with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from strata import stages
from strata.__main__ import main
from strata.corpus import read_papers, read_vectors
from strata.errors import BadRequest
from strata.export import FORMATS, export, read_range
from strata.published import Published
from strata.storage import Storage, connect

FIRST, END = 45, 155  # begins and ends inside shards of 50


@pytest.fixture
def made(published_storage: Storage, published_record: Published, tmp_path: Path) -> Path:
    """A folder with a range of rows in every format."""
    for form in FORMATS:
        export(published_storage, published_record, form, FIRST, END, connect(str(tmp_path / "out")))
    return tmp_path / "out"


@pytest.fixture
def vectors(published_storage: Storage, published_record: Published) -> np.ndarray:
    return np.asarray(read_vectors(published_storage, published_record.corpus))[FIRST:END]


@pytest.fixture
def ids(published_storage: Storage, published_record: Published) -> list[str]:
    found: list[str] = read_papers(published_storage, published_record.corpus, ["id"])["id"].to_pylist()[FIRST:END]
    return found


def test_hdf5_has_urls_and_embeddings_in_one_file(made: Path, vectors: np.ndarray, ids: list[str]) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(made / "embeddings.h5") as file:
        assert np.array_equal(file["embeddings"][:], vectors)
        assert file["embeddings"].dtype == np.float32
        assert list(file["urls"].asstr()[:]) == [f"https://arxiv.org/pdf/{paper}.pdf" for paper in ids]
        assert list(file["ids"].asstr()[:]) == ids
        assert file.attrs["month"] == "2012-01"
        assert file.attrs["rows"] == "45:155"


def test_npy_is_mapped_and_its_ids_lie_beside_it(made: Path, vectors: np.ndarray, ids: list[str]) -> None:
    mapped = np.load(made / "embeddings.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert np.array_equal(mapped, vectors)
    assert (made / "embeddings.npy.ids.txt").read_text().splitlines() == ids


def test_two_exports_of_other_rows_do_not_share_their_ids(
    published_storage: Storage, published_record: Published, tmp_path: Path, ids: list[str]
) -> None:
    """Else every vector of the first carries the id of another paper, and nothing tells."""
    to = connect(str(tmp_path))
    export(published_storage, published_record, "npy", FIRST, END, to)
    export(published_storage, published_record, "faiss", 0, END - FIRST, to)
    assert (tmp_path / "embeddings.npy.ids.txt").read_text().splitlines() == ids
    assert (tmp_path / "embeddings.faiss.ids.txt").read_text().splitlines() != ids


def test_feather_and_parquet_open_in_polars(made: Path, vectors: np.ndarray, ids: list[str]) -> None:
    polars = pytest.importorskip("polars")
    for frame in (polars.read_ipc(made / "embeddings.feather"), polars.read_parquet(made / "embeddings.parquet")):
        assert frame["id"].to_list() == ids
        assert np.array_equal(np.array(frame["embedding"].to_list(), np.float32), vectors)
        assert frame["url"][0] == f"https://arxiv.org/pdf/{ids[0]}.pdf"


def test_feather_and_parquet_open_in_pandas(made: Path, vectors: np.ndarray, ids: list[str]) -> None:
    pandas = pytest.importorskip("pandas")
    for frame in (pandas.read_feather(made / "embeddings.feather"), pandas.read_parquet(made / "embeddings.parquet")):
        assert frame["id"].tolist() == ids
        assert np.array_equal(np.stack(frame["embedding"]), vectors)


def test_duckdb_measures_similarity_in_the_parquet_file(made: Path, vectors: np.ndarray, ids: list[str]) -> None:
    duckdb = pytest.importorskip("duckdb")
    width = vectors.shape[1]
    found = duckdb.sql(
        f"select b.id, list_dot_product(a.embedding, b.embedding) s from '{made}/embeddings.parquet' a, "
        f"'{made}/embeddings.parquet' b where a.id = '{ids[3]}' order by s desc limit 5"
    ).fetchall()
    assert width == 32
    near = vectors @ vectors[3]
    assert [paper for paper, _ in found] == [ids[row] for row in np.argsort(-near, kind="stable")[:5]]


def test_faiss_finds_a_paper_by_its_own_vector(made: Path, vectors: np.ndarray) -> None:
    script = (
        "import sys, faiss, numpy as np; index = faiss.read_index(sys.argv[1]); "
        "v = np.load(sys.argv[2]); d, i = index.search(v[7:8], 1); "
        "print(index.ntotal, i[0, 0], round(float(d[0, 0]), 4))"
    )
    command = [sys.executable, "-c", script, str(made / "embeddings.faiss"), str(made / "embeddings.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(vectors)), "7", "1.0"]


def test_the_topic_stands_beside_each_vector(made: Path, record_root: Path) -> None:
    papers = pq.read_table(record_root / "records/2012-01/papers.parquet", columns=["topic"]).slice(FIRST, END - FIRST)
    assert pq.read_table(made / "embeddings.parquet")["topic"].equals(papers["topic"])


@pytest.mark.parametrize(("first", "end"), [(5, 5), (9, 3), (-1, 5), (0, 361), (360, None)])
def test_a_range_that_holds_nothing_is_refused(
    published_storage: Storage, published_record: Published, first: int, end: int | None, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest, match="no range within the 360 papers"):
        export(published_storage, published_record, "npy", first, end, connect(str(tmp_path)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "5", "a:b", "1:2:3", "-1:5", "²:5"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="no range such as"):
        read_range(text)
    assert (read_range(":"), read_range("3:"), read_range(":9")) == ((0, None), (3, None), (0, 9))


def test_the_shell_and_the_stage_write_whole_files(
    record_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    root = Path(shutil.copytree(record_root, tmp_path / "root"))
    assert main(["export", "--format", "npy", "--root", str(root), "--month", "2009-12"]) == 0
    (place,) = capsys.readouterr().out.split()
    assert place == str(root / "exports/2009-12/embeddings.npy")
    assert np.load(place).shape == (270, 32)
    made = stages.export(str(root), {"month": "2012-01"}, "parquet hdf5 parquet")
    assert [Path(file).name for file in made] == ["embeddings.parquet", "embeddings.h5"]
    assert stages.export(str(root), {"month": "2012-01"}, "") == []
    with pytest.raises(BadRequest, match="none of hdf5, npy"):
        stages.export(str(root), {"month": "2012-01"}, "csv")
