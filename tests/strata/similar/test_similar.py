"""Similar papers. If these fail, the nearest papers printed are not the nearest."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.strata.conftest import WordEncoder

from strata.__main__ import main
from strata.corpus import read_papers, read_vectors
from strata.errors import BadRequest, BadVectors
from strata.neighbors.similarity import exact
from strata.published import Published, open_record
from strata.similar import similar
from strata.similar.search import Search, best_of_block, mean_direction, merge
from strata.storage import Storage, connect


def test_the_search_is_that_of_a_full_sort_whatever_the_blocks() -> None:
    draws = np.random.default_rng(1)
    vectors = draws.standard_normal((1000, 48)).astype(np.float32)
    vectors[500:520] = vectors[3]  # ties, which the row number decides
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = mean_direction(vectors[[3, 7]])
    full = (vectors.astype(np.float64) @ query).astype(np.float32)
    wanted = np.lexsort((np.arange(1000), -full))[:25]
    for size in (7, 100, 1000):
        blocks = [best_of_block(vectors[at : at + size], at, query, 25, None) for at in range(0, 1000, size)]
        rows, found = merge(blocks, 25)
        assert rows.tolist() == wanted.tolist()
        assert found.tolist() == full[wanted].tolist()


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_the_blocks_decides_nothing(seed: int) -> None:
    """Threads finish as they like; what is found must be a full sort's, ties and all, bit for bit."""
    draws = np.random.default_rng(seed)
    rows, width, top = int(draws.integers(30, 900)), int(draws.integers(2, 70)), int(draws.integers(1, 40))
    vectors = draws.standard_normal((rows, width)).astype(np.float32)
    vectors[draws.integers(0, rows, rows // 3)] = vectors[0]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    allowed = draws.random(rows) < 0.8
    query = mean_direction(vectors[:2])
    full = np.einsum("ij,j->i", vectors.astype(np.float64), query).astype(np.float32)
    wanted = [row for row in np.lexsort((np.arange(rows), -full)) if allowed[row]][:top]
    search, size = Search(query, top, allowed), int(draws.integers(1, 200))
    for start in draws.permutation(range(0, rows, size)).tolist():
        search(start, vectors[start : start + size])
    assert search.best[0].tolist() == wanted
    assert search.best[1].tolist() == full[wanted].tolist()


def test_a_damaged_vectors_file_is_named_and_not_searched(
    record_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence about a shard that cannot be read would be a wrong answer."""
    monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path / "scratch"))  # where no matrix stands in for the files
    storage = connect(str(shutil.copytree(record_root, tmp_path / "root")))
    record = open_record(storage, "2012-01")
    found = similar(storage, record, ["0101.00003"], top=5)
    assert len(found) == 5
    path = Path(storage.uri(record.corpus.layers[3].vectors))
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 20), path)
    with pytest.raises(BadVectors, match=f"{path.name}.*30 rows are missing"):
        similar(storage, record, ["0101.00003"], top=5)


def test_the_matrix_that_a_run_leaves_gives_what_the_files_give(
    record_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same question must have one answer, on whichever machine it is asked."""
    monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path / "scratch"))
    storage = connect(str(record_root))
    record = open_record(storage, "2012-01")
    decoded = similar(storage, record, ["0101.00003"], top=360)
    read_vectors(storage, record.corpus)
    monkeypatch.setattr("strata.streaming._BLOCK_BYTES", 7 * 4 * 32)  # a few rows a block
    assert similar(storage, record, ["0101.00003"], top=360) == decoded


def test_what_the_record_leaves_out_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a withdrawn paper is offered as the most similar one, and nothing tells that it was withdrawn."""
    from tests.strata.test_stages import run, snapshot

    import tiny_model
    from records import write

    source, texts = snapshot(tmp_path / "a.jsonl"), []
    with source.open() as file:
        texts = [json.loads(row) for row in file]
    for row in texts[:5]:
        row["comments"] = "This paper has been withdrawn by the authors"
    monkeypatch.setattr("strata.embed.load", lambda model: WordEncoder())
    write(source, *(json.dumps(row).encode() + b"\n" for row in texts))
    made = run(tmp_path / "root", source, str(tiny_model.save(tmp_path / "model")), "2012-01")
    storage = connect(str(tmp_path / "root"))
    found = similar(storage, open_record(storage, made["month"]), ["0101.00009"], top=360)
    assert len(found) == 360 - 1 - 5
    assert not {paper.id for paper in found} & {row["id"] for row in texts[:5]}


@pytest.mark.parametrize("categories", ["cs.lg", "math.XX", "cmp-lg"])
def test_a_category_without_a_paper_is_named(
    published_storage: Storage, published_record: Published, categories: str
) -> None:
    """Else a mistyped name looks as if nothing were similar."""
    with pytest.raises(BadRequest, match=f"no paper of 2012-01 is in {categories}.*such as cs.LG"):
        similar(published_storage, published_record, ["0101.00003"], categories=categories)


def test_rows_that_are_not_allowed_are_never_found() -> None:
    vectors = np.eye(8, dtype=np.float32)
    allowed = np.arange(8) % 2 == 0
    rows, _ = best_of_block(vectors, 0, mean_direction(vectors[:1]), 8, allowed)
    assert set(rows.tolist()) == {0, 2, 4, 6}


def test_opposites_have_no_mean() -> None:
    with pytest.raises(BadRequest, match="opposites"):
        mean_direction(np.array([[1, 0], [-1, 0]], np.float32))


def test_one_paper_has_the_neighbours_that_the_record_prints(
    published_storage: Storage, published_record: Published, record_root: Path
) -> None:
    """The page and the shell must not contradict each other, not even in the last digit."""
    papers = pq.read_table(record_root / "records/2012-01/papers.parquet")
    plain = [row for row in papers.to_pylist() if not row["flags"] and row["nearest_similarities"][0] < 0.98]
    for row in plain[:5]:
        found = similar(published_storage, published_record, [row["id"]], top=30)
        near = [(paper.id, paper.similarity) for paper in found if paper.similarity < 0.98]
        printed = list(zip(row["nearest_ids"], row["nearest_similarities"], strict=True))
        assert near[: len(printed)] == printed
        assert row["id"] not in [paper.id for paper in found]


def test_several_papers_stand_for_their_mean(published_storage: Storage, published_record: Published) -> None:
    vectors = np.asarray(read_vectors(published_storage, published_record.corpus))
    ids = read_papers(published_storage, published_record.corpus, ["id"])["id"].to_pylist()
    mean = vectors[[5, 300]].astype(np.float64).mean(axis=0)
    near = vectors @ mean / np.linalg.norm(mean)
    near[[5, 300]] = -1
    found = similar(published_storage, published_record, [ids[5] + "v2", f"https://arxiv.org/abs/{ids[300]}"], top=7)
    assert [paper.id for paper in found] == [ids[row] for row in np.argsort(-near)[:7]]
    assert [paper.rank for paper in found] == list(range(1, 8))


def test_a_text_of_a_paper_finds_that_paper(
    published_storage: Storage, published_record: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strata.encoders.load", lambda model: WordEncoder())
    papers = read_papers(published_storage, published_record.corpus, ["id", "title", "abstract"]).to_pylist()
    text = f"{papers[77]['title']}\n{papers[77]['abstract']}"
    (found,) = similar(published_storage, published_record, text=text, top=1)
    assert found.id == papers[77]["id"]
    assert found.similarity > 0.999


def test_categories_narrow_what_is_found(published_storage: Storage, published_record: Published) -> None:
    ids = read_papers(published_storage, published_record.corpus, ["id", "primary"]).to_pylist()
    found = similar(published_storage, published_record, [ids[0]["id"]], top=400, categories="math. hep-th")
    expected = {p["id"] for p in ids[1:] if p["primary"] in ("math.NA", "hep-th")}
    assert {paper.id for paper in found} == expected


def test_a_vector_is_the_same_for_every_number_of_threads(
    published_storage: Storage, published_record: Published
) -> None:
    one, four = (similar(published_storage, published_record, ["0101.00003"], top=50, threads=n) for n in (1, 4))
    assert one == four


def test_nothing_unknown_or_out_of_range_is_guessed(published_storage: Storage, published_record: Published) -> None:
    with pytest.raises(BadRequest, match=r"Did you mean 0101.00003\?"):
        similar(published_storage, published_record, ["101.00003"])
    with pytest.raises(BadRequest, match="at least one paper"):
        similar(published_storage, published_record)
    with pytest.raises(BadRequest, match="top: 0"):
        similar(published_storage, published_record, ["0101.00003"], top=0)
    assert exact(np.eye(2, dtype=np.float32), np.array([0]), np.array([1]))[0] == 0


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_the_shell_prints_what_was_found(record_root: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    arguments = ["similar", "0101.00003", "--root", str(record_root), "--top", "4", "--format", form]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    if form == "json":
        rows = json.loads(out)
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(out)))
    else:
        rows = [dict(zip(("rank", "similarity", "id"), line.split()[:3], strict=True)) for line in out.splitlines()]
    assert len(rows) == 4
    assert [float(row["similarity"]) for row in rows] == sorted(
        (float(row["similarity"]) for row in rows), reverse=True
    )
    assert all(row["id"] != "0101.00003" for row in rows)


def test_the_shell_searches_the_month_asked_for(record_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["similar", "0101.00003", "--root", str(record_root), "--top", "400", "--format", "json"]
    assert main([*common, "--month", "2009-12"]) == 0
    assert max(row["date"] for row in json.loads(capsys.readouterr().out)) <= "2009-12-31"
    assert main([*common, "--month", "2011-05"]) == 1
    assert "there is no record of 2011-05; there are 2009-12, 2012-01" in capsys.readouterr().err
