"""What the page reads. If these fail, it shows other papers than the record holds, or holds the corpus in memory."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.strata.conftest import record_root

from strata.errors import BadRequest
from strata.flags import HARD
from strata.report.page.templating import environment_of
from strata.storage import connect
from strata_page import matching, reading

__all__ = ["record_root"]
MONTH = "2012-01"
TEMPLATES = Path(matching.__file__).parent / "templates"


@pytest.fixture(scope="module")
def papers(record_root: Path) -> list[dict[str, object]]:
    return list(pq.read_table(record_root / f"records/{MONTH}/papers.parquet").to_pylist())


def test_each_window_lists_as_many_papers_as_it_counts(record_root: Path, papers: list[dict[str, object]]) -> None:
    """A list that is shorter than its own number would be taken for a fault of the number."""
    storage = connect(str(record_root))
    labels = {row["id"]: row for row in papers}
    for topic in reading.topics(storage, MONTH)[:3]:
        told = []
        for window in reading.windows(storage, MONTH, topic["topic"]):
            start = window["end"].replace(year=window["end"].year - 1)
            found = reading.papers_between(storage, MONTH, topic["topic"], start, window["end"])
            assert len(found) == window["papers"]
            assert found == sorted(found, key=lambda row: row["date"], reverse=True)
            told += [row["id"] for row in found]
        wanted = {
            paper
            for paper, row in labels.items()
            if row["topic"] == topic["topic"] and HARD.isdisjoint(row["flags"])  # type: ignore[arg-type]
        }
        assert set(told) == wanted


def test_a_paper_has_the_neighbours_of_the_record_whatever_it_is_called(
    record_root: Path, papers: list[dict[str, object]]
) -> None:
    storage = connect(str(record_root))
    for row in papers[::60]:
        for name in (row["id"], f"https://arxiv.org/abs/{row['id']}v2"):
            paper, near = reading.nearest(storage, MONTH, str(name))
            assert paper["id"] == row["id"]
            assert paper["topic"] == row["topic"]
            assert [each["id"] for each in near] == row["nearest_ids"]
            assert all(each["title"] != each["id"] for each in near)
    with pytest.raises(BadRequest, match=r"Did you mean 0101.00003\?"):
        reading.nearest(storage, MONTH, "101.00003")


def test_only_row_groups_that_may_hold_an_id_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The papers of all of arXiv are 136 groups: one paper's row must not cost reading them all."""
    ids = [f"0704.{number:05d}" for number in range(1000)]
    pq.write_table(pa.table({"id": ids}), tmp_path / "papers.parquet", row_group_size=50)
    parquet = pq.ParquetFile(tmp_path / "papers.parquet")
    read = []
    whole = pq.ParquetFile.read_row_group
    monkeypatch.setattr(
        pq.ParquetFile, "read_row_group", lambda self, group, **how: read.append(group) or whole(self, group, **how)
    )
    assert reading.rows_of(parquet, ["0704.00777", "0704.00003", "9999.99999"]) == {"0704.00003": 3, "0704.00777": 777}
    assert read == [0, 15]


def test_a_record_whose_snapshot_was_pruned_still_tells_ids(tmp_path: Path, record_root: Path) -> None:
    import shutil

    root = Path(shutil.copytree(record_root, tmp_path / "root"))
    shutil.rmtree(root / "snapshots")
    paper, near = reading.nearest(connect(str(root)), MONTH, "0101.00003")
    assert paper["title"] == "0101.00003"
    assert [row["title"] for row in near] == [row["id"] for row in near] == paper["nearest_ids"]
    assert reading.papers_between(connect(str(root)), MONTH, 0, dt.date(2000, 1, 1), dt.date(2012, 1, 31)) == []


def test_two_months_are_matched_by_the_papers_they_share(record_root: Path) -> None:
    storage = connect(str(record_root))
    found = matching.compare(storage, MONTH, "2009-12")
    now, then = (
        {row["id"]: row["topic"] for row in pq.read_table(record_root / f"records/{month}/papers.parquet").to_pylist()}
        for month in (MONTH, "2009-12")
    )
    assert found.one_in == 1
    matched = set()
    for row in found.rows:
        shared = [then[paper] for paper, topic in now.items() if topic == row["topic"] and paper in then]
        assert row["then"]["topic"] in shared
        most = max(shared.count(topic) for topic in shared)
        assert shared.count(row["then"]["topic"]) == most
        assert row["shared"] == pytest.approx(most / len(shared))
        matched.add(row["then"]["topic"])
    assert {row["topic"] for row in found.gone} == set(then.values()) - matched


def test_the_comparison_of_large_months_takes_one_paper_in_ten(
    record_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two months of all of arXiv would be joined in the API server's memory."""
    monkeypatch.setattr(matching, "_MOST", 100)
    found = matching.compare(connect(str(record_root)), MONTH, MONTH)
    assert found.one_in == 10
    assert all(row["then"] is None or row["then"]["topic"] == row["topic"] for row in found.rows)
    assert any(row["then"] for row in found.rows)


def small_record(root: Path, month: str, topics: dict[int, list[str]]) -> None:
    """A record of as much as is compared: the ids of each topic's papers."""
    folder = root / "records" / month
    folder.mkdir(parents=True)
    pairs = [(paper, topic) for topic, ids in topics.items() for paper in ids]
    ids, labels = zip(*pairs, strict=True)
    pq.write_table(pa.table({"id": ids, "topic": pa.array(labels, pa.int32())}), folder / "papers.parquet")
    rows = [
        {"topic": topic, "name": f"topic {topic} of {month}", "terms": [], "verdict": "steady", "papers": len(ids)}
        | {"ratio": None, "ratio_upper": None}
        for topic, ids in topics.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "topics.parquet")


def shown(found: matching.Comparison, month: str, other: str) -> str:
    """The comparison as its page shows it."""
    summary = {"papers": 5, "topics": 3}
    page = environment_of(TEMPLATES).get_template("compare.html.j2")
    return page.render(month=month, other=other, months=[month, other], comparison=found, summaries=[summary, summary])


def test_a_topic_without_a_compared_paper_is_neither_called_new_nor_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of large months one paper in ten is compared: that says nothing of a topic that has none among them."""
    small_record(tmp_path, "2011-12", {0: ["1001.00007", "1001.00001"], 1: ["1001.00002"], 2: ["1001.00017"]})
    now = {0: ["1001.00007", "1001.00001"], 1: ["1001.00002"], 2: ["1101.00007", "1101.00003"]}
    small_record(tmp_path, MONTH, now)
    storage = connect(str(tmp_path))
    monkeypatch.setattr(matching, "_MOST", 4)
    sampled = matching.compare(storage, MONTH, "2011-12")
    assert sampled.one_in == 10
    assert [row["compared"] for row in sampled.rows] == [1, 0, 1]
    assert [row["then"] and row["then"]["topic"] for row in sampled.rows] == [0, None, None]
    assert [row["topic"] for row in sampled.gone] == [2]
    text = shown(sampled, MONTH, "2011-12")
    assert "by one paper in 10." in text
    assert text.count("None of its papers was among the compared") == 1
    assert text.count("None of the compared papers was there") == 1
    assert "topic 1 of 2011-12" not in text
    assert "No longer a topic of its own" in text
    monkeypatch.setattr(matching, "_MOST", 100)
    whole = matching.compare(storage, MONTH, "2011-12")
    assert [row["then"] and row["then"]["topic"] for row in whole.rows] == [0, 1, None]
    assert shown(whole, MONTH, "2011-12").count("None of its papers was there") == 1


def test_beside_a_later_month_nothing_is_called_gone(tmp_path: Path) -> None:
    """Whoever lays a month beside a later one would read that topics ended which had not begun."""
    small_record(tmp_path, "2011-12", {0: ["1001.00007"]})
    small_record(tmp_path, MONTH, {0: ["1001.00007"], 1: ["1101.00007"]})
    found = matching.compare(connect(str(tmp_path)), "2011-12", MONTH)
    text = shown(found, "2011-12", MONTH)
    assert "Not yet a topic of its own" in text
    assert "No longer" not in text


def test_the_comparison_says_that_topics_go_on(tmp_path: Path) -> None:
    """Topics keep their keys from month to month: told otherwise, nobody would trust a topic's history."""
    small_record(tmp_path, MONTH, {0: ["1001.00007"]})
    text = shown(matching.compare(connect(str(tmp_path)), MONTH, MONTH), MONTH, MONTH)
    assert "Topics go on from month to month and may split or merge, unless a month was clustered anew" in text
