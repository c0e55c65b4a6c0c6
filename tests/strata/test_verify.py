"""Looking a root over. If these fail, damage stays unseen until somebody believes a number that rests on it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from strata.__main__ import main
from strata.storage import connect
from strata.verify import Problem, verify

RECORD = "records/2012-01"


@pytest.fixture
def root(record_root: Path, tmp_path: Path) -> Path:
    """A copy of a whole root, to break."""
    return Path(shutil.copytree(record_root, tmp_path / "root"))


def problems(root: Path, month: str | None = None) -> list[Problem]:
    return list(verify(connect(str(root)), month))


def flip(path: Path, place: float = 0.5) -> None:
    """Turn one bit over."""
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 4
    path.write_bytes(data)


def first(root: Path, pattern: str) -> Path:
    return sorted(root.glob(pattern))[0]


def edit(path: Path, change: Callable[[dict], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_whole_root_is_whole(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert problems(root) == []
    assert problems(root, "2009-12") == []
    assert main(["verify", str(root)]) == 0
    assert "whole" in capsys.readouterr().out


@pytest.mark.parametrize(
    "pattern", ["snapshots/*/papers/00002.parquet", "vectors/*/00002-*.parquet", f"{RECORD}/topics.parquet"]
)
@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.999])
def test_one_bit_turned_over_is_found_wherever_it_is(root: Path, pattern: str, place: float) -> None:
    flip(first(root, pattern), place)
    assert {Path(problem.path).name for problem in problems(root)} == {first(root, pattern).name}


@pytest.mark.parametrize("pattern", ["snapshots/*/papers/00002.parquet", f"{RECORD}/lonely.parquet"])
def test_a_missing_file_is_named_with_what_makes_it_again(root: Path, pattern: str) -> None:
    missing = first(root, pattern)
    missing.unlink()
    found = [problem for problem in problems(root) if problem.path == str(missing.relative_to(root))]
    assert [problem.what for problem in found] == ["is missing"]
    assert "clear the" in found[0].remedy


def test_missing_vectors_break_the_records_that_rest_on_them(root: Path) -> None:
    missing = first(root, "vectors/*/00006-*.parquet")  # after the end of 2009
    missing.unlink()
    assert [problem.path for problem in problems(root)] == [f"{RECORD}/manifest.json"]
    assert missing.name in problems(root)[0].what
    assert problems(root, "2009-12") == []


def test_vectors_of_other_papers_are_found_by_their_name(root: Path) -> None:
    one, other = (first(root, f"vectors/*/0000{number}-*.parquet") for number in (1, 2))
    one.write_bytes(other.read_bytes())
    (problem,) = problems(root)
    assert one.name in problem.path and other.name.partition("-")[2][:8] not in problem.path
    assert "holds the papers and model of" in problem.what


def test_vectors_that_are_no_unit_vectors_are_found(root: Path) -> None:
    import numpy as np
    import pyarrow as pa

    path = first(root, "vectors/*/00003-*.parquet")
    table = pq.read_table(path)
    flat = table["vector"].combine_chunks().flatten().to_numpy().copy()
    flat[:32] *= np.float32(1.5)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat), type=table.schema.field("vector").type)
    pq.write_table(
        table.set_column(table.schema.get_field_index("vector"), table.schema.field("vector"), vectors), path
    )
    assert any(problem.path.endswith(path.name) and "length 1.5" in problem.what for problem in problems(root))


def test_books_that_do_not_add_up_are_found(root: Path) -> None:
    edit(first(root, "snapshots/*/manifest.json"), lambda books: books.update(lines=books["lines"] + 1))
    assert any("accounted for" in problem.what for problem in problems(root))


def test_papers_out_of_order_are_found_even_where_the_manifest_agrees(root: Path) -> None:
    import hashlib

    from strata.shards import content_digest

    path = first(root, "snapshots/*/papers/00001.parquet")
    table = pq.read_table(path)
    pq.write_table(table.take(list(range(len(table) - 1, -1, -1))), path)
    table = pq.read_table(path)

    def agree(books: dict) -> None:
        books["shards"][1]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        books["shards"][1]["content"] = content_digest(table["id"].to_pylist(), table["text_hash"].to_pylist())

    edit(first(root, "snapshots/*/manifest.json"), agree)
    assert any("order of date and id" in problem.what for problem in problems(root))


@pytest.mark.parametrize(("table", "column"), [("lonely", "id"), ("topics", "topic")])
def test_keys_that_lead_nowhere_are_found(root: Path, table: str, column: str) -> None:
    import hashlib

    path = root / RECORD / f"{table}.parquet"
    rows = pq.read_table(path)
    strange = ["9912.00001"] * len(rows) if column == "id" else [10_000 + row for row in range(len(rows))]
    rows = rows.set_column(rows.schema.get_field_index(column), column, [strange])
    pq.write_table(rows, path)
    told = {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": len(rows)}
    edit(root / RECORD / "manifest.json", lambda books: books["files"].update({path.name: told}))
    assert any("does not have" in problem.what for problem in problems(root))


@pytest.mark.parametrize("pattern", ["vectors/*/00000-*.parquet", "snapshots/*/papers/*.parquet"])
@pytest.mark.parametrize("month", [None, "2012-01"])
def test_damage_at_either_end_does_not_end_the_look(root: Path, pattern: str, month: str | None) -> None:
    """The first vectors and the top shard are read to open a record: what is broken elsewhere is told all the same."""
    at, other = sorted(root.glob(pattern)), first(root, "snapshots/*/papers/00003.parquet")
    broken = at[0] if "vectors" in pattern else at[-1]
    flip(broken, 0.999)
    flip(other)
    told = {problem.path: problem.what for problem in problems(root, month)}
    assert any(broken.name in path + what for path, what in told.items())
    assert {str(other.relative_to(root)), f"{RECORD}/manifest.json"} <= told.keys()


@pytest.mark.parametrize("keep", [0.5, 0.0])
@pytest.mark.parametrize("month", [None, "2012-01"])
def test_books_that_are_cut_off_are_named(root: Path, month: str | None, keep: float) -> None:
    books = first(root, "snapshots/*/manifest.json")
    books.write_bytes(books.read_bytes()[: int(keep * books.stat().st_size)])
    told = {problem.path: problem.what for problem in problems(root, month)}
    assert "is damaged" in told[str(books.relative_to(root))]
    assert f"{RECORD}/manifest.json" in told


def test_what_is_no_root_is_not_called_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a nightly look at a mistyped folder stays green for ever."""
    assert main(["verify", str(tmp_path / "mistyped")]) == 1
    assert not (tmp_path / "mistyped").exists()
    assert main(["verify", str(tmp_path)]) == 1
    assert "is it the root?" in capsys.readouterr().err


def test_damage_is_the_exit_status_and_names_the_way_out(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flip(root / RECORD / "report.html")
    assert main(["verify", str(root), "--month", "2012-01"]) == 1
    told = capsys.readouterr()
    assert "report.html" in told.out and "clear the report task" in told.out
    assert main(["verify", str(root), "--month", "../x"]) == 1
