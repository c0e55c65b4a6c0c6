"""The stages from snapshot to record, without Airflow. If these fail, work is repeated, lost or silently wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from records import created, line, write
from strata import stages
from strata.errors import BadVectors, IncompleteCorpus
from strata.storage import connect, read_table

WORDS = (
    "crystal film growth rate surface model neural network graph proof bound prime field lattice quantum spin star "
    "galaxy dust wave plasma flow heat market price gene cell protein tree code cipher robot speech image"
).split()


def snapshot(path: Path, years: range = range(2001, 2013), a_year: int = 30, changed: int = 0) -> Path:
    """Papers of random words; of the first ``changed`` the abstract differs."""
    draw = random.Random(4)
    lines = []
    for year in years:
        for number in range(a_year):
            words = draw.choices(WORDS, k=40)
            if len(lines) < changed:
                words.append("changed")
            lines.append(
                line(
                    f"{year % 100:02d}01.{number:05d}",
                    title=" ".join(draw.choices(WORDS, k=8)),
                    abstract="We show that the " + " ".join(words),
                    categories=draw.choice(["cs.LG", "math.NA", "hep-th"]),
                    versions=created(f"{1 + number % 28} Jan {year}"),
                )
            )
    return write(path, *lines)


def run(root: Path | str, source: Path | str, model: str, month: str = "", **params: Any) -> dict[str, Any]:
    """All stages in the DAG's order; returns what each one returned."""
    defaults: dict[str, Any] = {"model": model, "categories": None, "sample": None, "seed": 0, "shard_size": 50}
    given = defaults | {"max_refused": 0.01, "clusters": None, "snapshot": str(source)} | params
    plan = stages.find_snapshot(str(root), given, month, "2026-11-21")
    shards = stages.shard(str(root), plan)
    embedded = [stages.embed(str(root), plan, shard) for shard in shards]
    clustered = stages.cluster(str(root), plan, embedded)
    for part in stages.spread(str(root), plan, clustered):
        stages.search(str(root), plan, clustered, part)
    neighbored = stages.neighbors(str(root), plan, clustered)
    mapped = stages.map(str(root), plan, clustered)
    made = stages.report(str(root), plan, clustered, neighbored, mapped)
    return {"plan": plan, "shards": shards, "embedded": embedded, "clustered": clustered, **made}


def embedded(result: dict[str, Any]) -> int:
    return sum(shard["embedded"] for shard in result["embedded"])


def tables(root: Path, month: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((root / "records" / month).glob("*.parquet"))}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, tiny_model: str) -> tuple[Path, Path, dict[str, Any]]:
    """A root with one whole run in it: (root, snapshot file, what the stages returned)."""
    folder = tmp_path_factory.mktemp("base")
    source = snapshot(folder / "arxiv.jsonl")
    return folder / "root", source, run(folder / "root", source, tiny_model)


@pytest.fixture
def copy(base: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> tuple[Path, Path]:
    """A copy of that root to damage or build on, and the snapshot."""
    import shutil

    return Path(shutil.copytree(base[0], tmp_path / "root")), base[1]


def test_a_record_holds_what_users_rely_on(base: tuple[Path, Path, dict[str, Any]]) -> None:
    root, _, result = base
    assert result["month"] == "2012-01"
    record = root / "records" / "2012-01"
    papers = pq.read_table(record / "papers.parquet")
    wanted = {"id", "topic", "theme", "flags", "loneliness", "nearest_ids", "nearest_similarities"}
    assert wanted <= set(papers.column_names)
    assert len(papers) == 360
    wanted = {"topic", "theme", "name", "terms", "exemplars", "papers", "verdict", "ratio", "ratio_upper"}
    assert wanted <= set(pq.read_schema(record / "topics.parquet").names)
    wanted = {"topic", "year", "papers", "share", "share_lower", "share_upper", "expected"}
    assert wanted <= set(pq.read_schema(record / "topic_years.parquet").names)
    wanted = {"rank", "id", "title", "loneliness", "similarity_1", "similarity_5", "mean_10", "percentile", "field"}
    assert wanted <= set(pq.read_schema(record / "lonely.parquet").names)
    assert {"manifest.json", "summary.json", "report.html", "duplicates.parquet"} <= {f.name for f in record.iterdir()}
    manifest = json.loads((record / "manifest.json").read_text())
    assert manifest["counts"]["papers"] == 360
    assert manifest["mode"] == "asof", "a reader must be told how an old month was made"
    stages = {"find_snapshot", "shard", "embed", "cluster", "neighbors", "map", "report"}
    assert set(manifest["timings"]) == stages
    assert all(cost["peak_memory"] > 10_000_000 for cost in manifest["timings"].values())
    assert len(json.loads((record / "summary.json").read_text())["findings"]) == 3


def test_the_papers_of_a_record_are_counted_in_its_topics(base: tuple[Path, Path, dict[str, Any]]) -> None:
    record = base[0] / "records" / "2012-01"
    topic = pq.read_table(record / "papers.parquet")["topic"].to_numpy()
    counted = pq.read_table(record / "topics.parquet")["papers"].to_numpy()
    assert np.bincount(topic, minlength=len(counted)).tolist() == counted.tolist()
    years = pq.read_table(record / "topic_years.parquet")
    assert sum(years["papers"].to_pylist()) == len(topic)


def test_neighbours_are_those_of_brute_force(base: tuple[Path, Path, dict[str, Any]]) -> None:
    root, _, result = base
    storage = connect(str(root))
    vectors = np.concatenate(
        [
            np.stack(read_table(storage, shard["vectors"])["vector"].to_numpy(zero_copy_only=False))
            for shard in result["embedded"]
        ]
    ).astype(np.float64)
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1)
    similarity[similarity >= 0.98] = -1
    expected = np.sort(similarity, axis=1)[:, ::-1][:, :10]
    papers = pq.read_table(root / "records" / "2012-01" / "papers.parquet")
    found = [np.array(row) for row in papers["nearest_similarities"].to_pylist()]
    for row, values in enumerate(found):
        np.testing.assert_allclose(values, expected[row][: len(values)], atol=1e-6)
        assert len(values) == min(10, (expected[row] > -1).sum())


def test_the_same_month_again_embeds_nothing_and_gives_the_same_bytes(copy: tuple[Path, Path], tiny_model: str) -> None:
    root, source = copy
    before = tables(root, "2012-01")
    result = run(root, source, tiny_model)
    assert embedded(result) == 0
    assert tables(root, "2012-01") == before


def test_another_root_gives_the_same_bytes(
    base: tuple[Path, Path, dict[str, Any]], tmp_path: Path, tiny_model: str
) -> None:
    run(tmp_path / "elsewhere", base[1], tiny_model)
    assert tables(tmp_path / "elsewhere", "2012-01") == tables(base[0], "2012-01")


def test_a_root_in_a_bucket_gives_the_same_bytes(
    base: tuple[Path, Path, dict[str, Any]], s3_root: str, tiny_model: str
) -> None:
    storage = connect(s3_root)
    storage.write("given/arxiv.jsonl", base[1].read_bytes())
    made = run(s3_root, storage.uri("given/arxiv.jsonl"), tiny_model)
    assert made["record"] == f"{s3_root}/records/2012-01"
    found = {e.path.rpartition("/")[2]: storage.read(e.path) for e in storage.list("records/2012-01")}
    assert {name: found[name] for name in found if name.endswith(".parquet")} == tables(base[0], "2012-01")
    assert {"manifest.json", "report.html", "summary.json"} <= set(found)
    assert embedded(run(s3_root, storage.uri("given/arxiv.jsonl"), tiny_model, "2006-06")) == 0


def test_an_earlier_month_embeds_nothing_and_holds_only_its_papers(copy: tuple[Path, Path], tiny_model: str) -> None:
    root, source = copy
    result = run(root, source, tiny_model, "2006-06")
    assert embedded(result) == 0
    assert len(result["shards"]) == 4
    assert len(pq.read_table(root / "records" / "2006-06" / "papers.parquet")) == 180
    assert (root / "records" / "2012-01").is_dir()


def test_exactly_the_changed_abstracts_are_embedded(copy: tuple[Path, Path], tmp_path: Path, tiny_model: str) -> None:
    root, _ = copy
    result = run(root, snapshot(tmp_path / "arxiv.jsonl", changed=70), tiny_model)
    assert embedded(result) == 70
    assert [shard["embedded"] for shard in result["embedded"]] == [50, 20, 0, 0, 0, 0, 0, 0]


def test_what_is_withdrawn_in_a_newer_snapshot_is_left_out_of_everything(
    copy: tuple[Path, Path], tmp_path: Path, tiny_model: str
) -> None:
    """A comment changes no vector. Work of before must not pass for this snapshot's: it took those papers for sound."""
    rows = [json.loads(row) for row in copy[1].read_text().splitlines()]
    for row in rows[:60]:
        row["comments"] = "This paper has been withdrawn by the authors"
    newer = write(tmp_path / "newer.jsonl", *(json.dumps(row).encode() + b"\n" for row in rows))
    again = run(copy[0], newer, tiny_model, fresh=True)
    assert embedded(again) == 0
    run(tmp_path / "empty", newer, tiny_model, fresh=True)
    assert tables(copy[0], again["month"]) == tables(tmp_path / "empty", again["month"])


def test_a_record_does_not_go_on_from_other_papers_in_the_same_root(
    copy: tuple[Path, Path], tmp_path: Path, tiny_model: str
) -> None:
    """Else real arXiv, made after the demo in one root, is compared with invented papers, or refused for its topics."""
    rows = [json.loads(row) for row in copy[1].read_text().splitlines()]
    for row in rows:
        year = int(row["id"][:2]) + 6
        row["id"] = f"{year:02d}{row['id'][2:]}"
        row["versions"] = json.loads(json.dumps(row["versions"]).replace(f"20{year - 6:02d}", f"20{year:02d}"))
    later = write(tmp_path / "later.jsonl", *(json.dumps(row).encode() + b"\n" for row in rows if row["id"] > "13"))
    made = run(copy[0], later, tiny_model, accept_smaller=True)
    summary = json.loads((copy[0] / "records" / made["month"] / "summary.json").read_text())
    assert made["month"] > "2012-01" and summary["changes"]["since"] is None


def test_new_months_on_top_embed_only_their_papers(copy: tuple[Path, Path], tmp_path: Path, tiny_model: str) -> None:
    root, _ = copy
    result = run(root, snapshot(tmp_path / "arxiv.jsonl", range(2001, 2014)), tiny_model)
    assert embedded(result) == 30
    assert result["month"] == "2013-01"


def test_a_sample_and_another_shard_size_reuse_the_vectors(copy: tuple[Path, Path], tiny_model: str) -> None:
    root, source = copy
    assert embedded(run(root, source, tiny_model, sample=100)) == 0
    assert embedded(run(root, source, tiny_model, shard_size=33)) == 0
    assert embedded(run(root, source, tiny_model, categories="math.NA")) == 0


def test_another_model_shares_no_vectors(copy: tuple[Path, Path], tmp_path: Path) -> None:
    import tiny_model

    other = str(tiny_model.save(tmp_path / "other", seed=1))
    assert embedded(run(*copy, other)) == 360


def test_a_missing_vectors_file_is_named(copy: tuple[Path, Path], base: tuple[Path, Path, dict[str, Any]]) -> None:
    root, result = copy[0], base[2]
    gone = result["embedded"][3]["vectors"]
    (root / gone).unlink()
    with pytest.raises(IncompleteCorpus, match=gone):
        stages.cluster(str(root), result["plan"], result["embedded"])


def test_a_missing_embed_result_is_named(base: tuple[Path, Path, dict[str, Any]]) -> None:
    result = base[2]
    with pytest.raises(IncompleteCorpus, match=r"missing \['00002'\]"):
        stages.cluster(str(base[0]), result["plan"], result["embedded"][:2] + result["embedded"][3:])


@pytest.mark.parametrize("place", [0.25, 0.5, 0.97])
def test_a_damaged_vectors_file_is_named_and_made_again(
    place: float,
    copy: tuple[Path, Path],
    base: tuple[Path, Path, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    root, result = copy[0], base[2]
    monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path / "scratch"))
    path = root / result["embedded"][2]["vectors"]
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[int(len(whole) * place)] ^= 1
    path.write_bytes(damaged)
    for file in (root / "work").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(BadVectors, match=r"00002-.*shard 00002"):
        stages.cluster(str(root), result["plan"], result["embedded"])
    assert stages.embed(str(root), result["plan"], "00002")["embedded"] == 50
    assert path.read_bytes() == whole


def test_a_manifest_that_does_not_add_up_is_refused(
    copy: tuple[Path, Path], base: tuple[Path, Path, dict[str, Any]]
) -> None:
    root, result = copy[0], base[2]
    path = root / "snapshots" / result["plan"]["snapshot"] / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["papers"] -= 1
    path.write_text(json.dumps(manifest))
    with pytest.raises(IncompleteCorpus, match="are accounted for"):
        stages.cluster(str(root), result["plan"], result["embedded"])


@pytest.mark.parametrize("papers", [1, 2, 9])
def test_a_corpus_of_a_few_papers_has_a_record(tmp_path: Path, tiny_model: str, papers: int) -> None:
    source = snapshot(tmp_path / "few.jsonl", range(2001, 2002), papers)
    result = run(tmp_path / "root", source, tiny_model, clusters=400)
    assert len(pq.read_table(tmp_path / "root" / "records" / result["month"] / "papers.parquet")) == papers
