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
from strata.storage import connect
from strata_page import matching, reading

__all__ = ["record_root"]
MONTH = "2012-01"


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
