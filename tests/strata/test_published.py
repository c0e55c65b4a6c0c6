"""Finding a record again. If these fail, what is read beside a record is not what it was made from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from strata.corpus import read_papers, read_vectors
from strata.errors import BadRequest, BadVectors, IncompleteCorpus
from strata.published import Published, latest_month, months, open_record, read_ids, read_rows
from strata.storage import Storage, connect
from strata.streaming import over_pieces, pieces


def test_months_are_found_newest_first_and_the_newest_is_the_default(published_storage: Storage) -> None:
    assert months(published_storage) == ["2012-01", "2009-12"]
    assert latest_month(published_storage) == "2012-01"
    assert latest_month(published_storage, "2009-12") == "2009-12"


@pytest.mark.parametrize("month", ["2011-01", "../x", "2011-1"])
def test_a_month_without_record_is_refused(published_storage: Storage, month: str) -> None:
    with pytest.raises(BadRequest):
        latest_month(published_storage, month)
    with pytest.raises(BadRequest):
        open_record(published_storage, month)


def test_an_empty_root_says_how_a_record_is_made(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="make run"):
        latest_month(connect(str(tmp_path)))


@pytest.mark.parametrize(("first", "end"), [(0, None), (0, 1), (49, 51), (120, 260), (359, 360), (10, 10)])
def test_pieces_cover_a_range_and_no_more_files_than_it_needs(
    published_storage: Storage, published_record: Published, first: int, end: int | None
) -> None:
    whole = np.asarray(read_vectors(published_storage, published_record.corpus))
    stop = 360 if end is None else end
    found = pieces(published_storage, published_record.corpus, first, end)
    assert len(found) == len({row // 50 for row in range(first, stop)})
    for start, block in over_pieces(published_storage, published_record.corpus, found, lambda at, rows: (at, rows)):
        assert np.array_equal(block, whole[start : start + len(block)])


def test_a_record_of_an_earlier_month_is_cut_where_the_month_ends(published_storage: Storage) -> None:
    earlier = open_record(published_storage, "2009-12")
    assert len(read_ids(published_storage, earlier)) == earlier.corpus.papers == 270
    assert sum(piece.rows for piece in pieces(published_storage, earlier.corpus)) == 270


def test_rows_come_in_the_order_asked_for(published_storage: Storage, published_record: Published) -> None:
    ids = read_papers(published_storage, published_record.corpus, ["id"])["id"].to_pylist()
    found = read_rows(published_storage, published_record.corpus, [300, 2, 51], ["id"])
    assert [row["id"] for row in found] == [ids[300], ids[2], ids[51]]


def test_a_corpus_that_has_changed_or_gone_is_refused(
    record_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path / "scratch"))  # where no matrix lies that stands in for the files
    root = Path(shutil.copytree(record_root, tmp_path / "root"))
    storage = connect(str(root))
    vectors = root / open_record(storage, "2012-01").corpus.layers[2].vectors
    data = bytearray(vectors.read_bytes())
    group = pq.read_metadata(vectors).row_group(0)
    column = next(c for c in map(group.column, range(group.num_columns)) if c.path_in_schema.startswith("vector"))
    start = column.data_page_offset + column.total_compressed_size // 2
    data[start : start + 200] = bytes(200)
    vectors.write_bytes(data)
    record = open_record(storage, "2012-01")
    with pytest.raises(BadVectors, match=vectors.name):
        list(over_pieces(storage, record.corpus, pieces(storage, record.corpus), lambda at, rows: at))
    manifest = root / "records/2012-01/manifest.json"
    books = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(books | {"corpus": books["corpus"] | {"digest": "0" * 32}}))
    with pytest.raises(IncompleteCorpus, match="no longer"):
        open_record(storage, "2012-01")
    (root / "snapshots" / books["snapshot"] / "manifest.json").unlink()
    with pytest.raises(IncompleteCorpus, match="is gone"):
        open_record(storage, "2012-01")
