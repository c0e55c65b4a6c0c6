"""Storage. If these fail, readers meet half a file, or a path leads out of the root."""

from __future__ import annotations

import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

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


def test_what_is_stored_may_be_read_by_whom_the_system_lets_read(storage: Storage, tmp_path: Path) -> None:
    """Else the researchers who share the root are refused the record that a run under another user's name made."""
    umask = os.umask(0o027)
    try:
        private = Path(tempfile.mkdtemp(dir=tmp_path))
        (private / "report.html").write_text("found")
        storage.publish(private, "records/2019-12")
        storage.write("a/b", b"b")
    finally:
        os.umask(umask)
    modes = {path: Path(storage.uri(path)).stat().st_mode & 0o777 for path in ("records/2019-12", "a", "a/b")}
    assert modes == {"records/2019-12": 0o750, "a": 0o750, "a/b": 0o640}
    assert Path(storage.uri("records/2019-12/report.html")).stat().st_mode & 0o777 == 0o640


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


def test_a_file_is_stored_while_others_take_the_folder_away_as_empty(storage: Storage) -> None:
    """Else a run that prunes, or ends, now and then fails another that has just begun to write beside it."""

    def write_and_remove(who: int) -> None:
        for turn in range(300):
            storage.write(f"a/b/{who}", b"%d" % turn)
            assert storage.read(f"a/b/{who}") == b"%d" % turn
            assert f"a/b/{who}" in [entry.path for entry in storage.list("a/b")]
            storage.remove(f"a/b/{who}")

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(write_and_remove, who) for who in range(4)]:
            done.result()
    assert storage.list("a/b") == []


def test_a_folder_is_published_while_others_take_the_one_above_away(storage: Storage, tmp_path: Path) -> None:
    record = tmp_path / "record"
    record.mkdir()
    (record / "manifest.json").write_text("{}")

    def publish_and_remove(who: int) -> None:
        for _ in range(60):
            storage.publish(record, f"records/{who}")
            assert storage.read(f"records/{who}/manifest.json") == b"{}"
            storage.remove(f"records/{who}/manifest.json")
            with suppress(OSError):
                Path(storage.uri("records")).rmdir()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(publish_and_remove, who) for who in range(4)]:
            done.result()


def test_looking_for_what_killed_processes_left_is_not_disturbed_by_writers(storage: Storage) -> None:
    """Else ``prune`` fails with the name of a file that a run has just finished."""
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            storage.write("a/b/c", b"c")
            storage.remove("a/b/c")

    with ThreadPoolExecutor(2) as threads:
        writers = [threads.submit(write) for _ in range(2)]
        try:
            for _ in range(300):
                assert storage.sweep(60, dry_run=False) == []
        finally:
            ended.set()
        for writer in writers:
            writer.result()


def test_a_folder_that_may_not_be_read_does_not_stop_the_look(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk's own lost+found is such a one: `prune` would end there for every user but root."""
    storage.write("a/.tmp-0-b", b"half")
    look = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("lost+found"):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    (Path(storage.root) / "lost+found").mkdir()
    monkeypatch.setattr(os, "scandir", refuse)
    assert [Path(path).name for path in storage.sweep(0, dry_run=True)] == [".tmp-0-b"]


def test_folders_that_are_empty_go_with_their_last_file(storage: Storage) -> None:
    """Else a pruned snapshot leaves a folder that looks like one that was never finished."""
    for path in ("snapshots/one/papers/0.parquet", "snapshots/one/manifest.json", "records/x"):
        storage.write(path, b"x")
    storage.remove("snapshots/one/manifest.json")
    storage.remove("snapshots/one/papers/0.parquet")
    assert [item.name for item in Path(storage.root).iterdir()] == ["records"]
    storage.remove("records/x")
    assert Path(storage.root).is_dir(), "the root itself stays"


def test_a_folder_that_only_a_reader_names_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no folder"):
        connect(str(tmp_path / "mistyped"), make=False)
    assert not (tmp_path / "mistyped").exists()
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "file", tmp_path / "file" / "inner", "~nobody-of-this-name/root"):
        with pytest.raises(BadRequest, match="folder"):
            connect(str(root))


def test_a_document_that_is_none_is_named(storage: Storage) -> None:
    """Else the task fails with a position in a file that nobody can find, and is tried again for nothing."""
    storage.write("a/manifest.json", b'{"papers": 1')
    with pytest.raises(DamagedFile, match=r"a/manifest\.json is damaged"):
        read_json(storage, "a/manifest.json")


def test_a_file_in_the_place_of_a_folder_is_an_error_not_a_wait(storage: Storage) -> None:
    storage.write("a", b"a")
    with pytest.raises(OSError, match="a"):
        storage.write("a/b", b"b")
    assert storage.read("a") == b"a"
