"""Storage. If these fail, readers meet half a file, or a path leads out of the root."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from strata.errors import BadRequest, DamagedFile
from strata.storage import Storage, connect, read_json, read_table, write_json, write_parquet


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(storage: Storage) -> None:
    storage.write("a/b.txt", b"old")
    with pytest.raises(RuntimeError), storage.writer("a/b.txt") as local:
        local.write_bytes(b"half")
        raise RuntimeError("killed")
    assert storage.read("a/b.txt") == b"old"
    assert [entry.path for entry in storage.list("a")] == ["a/b.txt"]
    assert len(list(Path(storage.uri("a")).iterdir())) == 1


def test_what_a_killed_process_left_is_not_listed(storage: Storage) -> None:
    storage.write("a/b.txt", b"whole")
    (Path(storage.uri("a")) / ".tmp-123-c.txt").write_bytes(b"ha")
    assert [entry.path for entry in storage.list("a")] == ["a/b.txt"]


def test_a_folder_is_published_whole_in_the_place_of_the_old_one(storage: Storage, tmp_path: Path) -> None:
    for version in ("one", "two"):
        folder = tmp_path / version
        folder.mkdir()
        (folder / f"{version}.txt").write_text(version)
        storage.publish(folder, "records/2019-12")
    assert [entry.path for entry in storage.list("records/2019-12")] == ["records/2019-12/two.txt"]
    assert [item.name for item in Path(storage.uri("records")).iterdir()] == ["2019-12"]


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", ""])
def test_no_path_leads_out_of_the_root(storage: Storage, path: str) -> None:
    with pytest.raises(BadRequest):
        storage.read(path)


@pytest.mark.parametrize("root", ["", "  ", "ftp://host/x"])
def test_a_root_that_is_no_folder_is_refused(root: str) -> None:
    with pytest.raises(BadRequest, match="root"):
        connect(root)


def test_a_flipped_bit_in_a_table_is_found(storage: Storage) -> None:
    with storage.writer("t.parquet") as local:
        write_parquet(pa.table({"x": [f"value {n * n}" for n in range(5000)]}), local)
    path = Path(storage.uri("t.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedFile, match=r"t\.parquet is damaged: .*(checksum|CRC|corrupt)"):
        read_table(storage, "t.parquet")


def test_equal_documents_are_equal_files(storage: Storage) -> None:
    write_json(storage, "a.json", {"b": 1, "a": [2]})
    write_json(storage, "b.json", {"a": [2], "b": 1})
    assert storage.read("a.json") == storage.read("b.json")
    assert read_json(storage, "a.json") == {"a": [2], "b": 1}
