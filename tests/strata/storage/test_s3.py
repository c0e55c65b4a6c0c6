"""A root in a bucket, against a real S3 endpoint. If these fail, records in a bucket are lost, mixed or half there."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import s3
from strata.errors import BadRequest, StrataError, Unavailable
from strata.storage import connect, read_json, read_table, write_json, write_parquet
from strata.storage import s3 as s3_storage
from strata.storage.s3 import Bucket


@pytest.fixture
def bucket(s3_root: str) -> Bucket:
    storage = connect(s3_root)
    assert isinstance(storage, Bucket)
    return storage


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_storage, "_LONGEST_WAIT_S", 0.01)


def requests_of(bucket: Bucket) -> list[tuple[str, str]]:
    """A list that grows by (operation, range) with every request from now on."""
    seen: list[tuple[str, str]] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        seen.append((model.name, params["headers"].get("Range", "")))

    bucket._client.meta.events.register("before-call.s3", note)
    return seen


def test_what_is_stored_comes_back(bucket: Bucket) -> None:
    for size in (0, 5, 65_536, 65_537, 200_000):
        data = np.random.default_rng(size).bytes(size)
        bucket.write("a/b.bin", data)
        assert bucket.read("a/b.bin") == data
    assert bucket.exists("a/b.bin")
    assert not bucket.exists("a/c.bin")
    assert not bucket.exists("a")
    bucket.remove("a/b.bin")
    bucket.remove("a/b.bin")
    assert not bucket.exists("a/b.bin")
    with pytest.raises(FileNotFoundError, match=r"s3://fossils/.*/a/b\.bin"):
        bucket.read("a/b.bin")


def test_a_write_that_fails_leaves_the_old_object(bucket: Bucket) -> None:
    bucket.write("a/b.txt", b"old")
    with pytest.raises(RuntimeError), bucket.writer("a/b.txt") as local:
        local.write_bytes(b"half")
        raise RuntimeError("killed")
    assert bucket.read("a/b.txt") == b"old"


def test_a_large_file_goes_up_in_parts_and_leaves_none_behind(bucket: Bucket) -> None:
    data = np.random.default_rng(1).bytes(40 << 20)
    seen = requests_of(bucket)
    with bucket.writer("big.bin") as local:
        local.write_bytes(data)
    assert [name for name, _ in seen].count("UploadPart") == 3
    assert bucket.read("big.bin") == data
    assert bucket.sweep(0, dry_run=True) == []


def test_an_upload_that_fails_for_good_removes_its_parts(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise s3_storage.BotoCoreError

    bucket._client.meta.events.register("before-call.s3.CompleteMultipartUpload", fail)
    seen = requests_of(bucket)
    with pytest.raises(Unavailable), bucket.writer("big.bin") as local:
        local.write_bytes(bytes(20 << 20))
    assert "AbortMultipartUpload" in [name for name, _ in seen]
    assert not bucket.exists("big.bin")
    assert bucket.sweep(0, dry_run=True) == []


def test_what_killed_processes_left_goes_also_from_a_store_without_uploads(
    s3_endpoint: s3.Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else `prune` fails on a store that has just been set up, and records half stored cost money for good."""
    with s3.serving(tmp_path / "data", "fresh") as endpoint:
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        bucket = connect("s3://fresh/root")
        assert bucket.sweep(0, dry_run=False) == []
        bucket.write("records/2019-12/manifest.json", b"{}")
        staged = [f"records/.tmp-{'0' * 32}/{name}" for name in ("papers.parquet", "manifest.json")]
        for path in staged:
            bucket.write(path, b"half")
        addresses = sorted(f"s3://fresh/root/{path}" for path in staged)
        assert bucket.sweep(3600, dry_run=False) == []
        assert sorted(bucket.sweep(0, dry_run=True)) == addresses
        assert sorted(bucket.sweep(0, dry_run=False)) == addresses
        assert bucket.folders("records") == ["records/2019-12"]


def test_a_listing_is_whole_beyond_a_thousand_objects(bucket: Bucket, s3_endpoint: s3.Endpoint) -> None:
    folder = s3_endpoint.folder / bucket.root.removeprefix("s3://") / "vectors/model"
    folder.mkdir(parents=True)
    for number in range(2_345):
        (folder / f"{number:05d}-x.parquet").write_bytes(b"x")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "y").write_bytes(b"y")
    (folder / ".tmp-123").write_bytes(b"half")
    time.sleep(1.5)  # the store looks at its disk once a second
    found = bucket.list("vectors/model")
    assert [entry.path for entry in found] == [f"vectors/model/{n:05d}-x.parquet" for n in range(2_345)]
    assert {entry.size for entry in found} == {1}
    assert bucket.folders("vectors") == ["vectors/model"]
    assert bucket.list("vectors/nothing") == []


def test_of_a_table_only_the_columns_asked_for_are_fetched(bucket: Bucket) -> None:
    draw = np.random.default_rng(0)
    columns = {"id": [f"{n:05d}" for n in range(2_000)], "abstract": [draw.bytes(400).hex() for _ in range(2_000)]}
    with bucket.writer("p.parquet") as local:
        write_parquet(pa.table(columns), local)
        size = local.stat().st_size
    fetched = 0
    get = s3_storage._get

    def counted(*arguments: Any) -> Any:
        nonlocal fetched
        answer = get(*arguments)
        fetched += len(answer[1])
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3_storage, "_get", counted)
        assert read_table(bucket, "p.parquet", ["id"]).to_pydict() == {"id": columns["id"]}
    assert fetched < size / 5, f"{fetched} of {size} bytes were fetched for one small column"
    assert read_table(bucket, "p.parquet").to_pydict() == columns


class _BrokenOff:
    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self) -> bytes:
        return bytes(self._body.read()[:-1])


def test_an_answer_that_breaks_off_is_asked_for_again(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.random.default_rng(1).bytes(300_000)
    bucket.write("x.bin", data)
    get, calls = bucket._client.get_object, []

    def sometimes(**asked: Any) -> Any:
        calls.append(asked)
        answer = get(**asked)
        return answer | {"Body": _BrokenOff(answer["Body"])} if len(calls) % 2 else answer

    monkeypatch.setattr(bucket._client, "get_object", sometimes)
    assert bucket.read("x.bin") == data
    monkeypatch.setattr(bucket._client, "get_object", lambda **a: get(**a) | {"Body": _BrokenOff(get(**a)["Body"])})
    with pytest.raises(Unavailable, match=r"x\.bin"):
        bucket.read("x.bin")


def test_a_record_is_replaced_whole_and_nothing_of_the_way_is_left(bucket: Bucket, tmp_path: Path) -> None:
    for version in ("one", "two"):
        folder = tmp_path / version
        folder.mkdir()
        (folder / f"{version}.txt").write_text(version)
        (folder / "manifest.json").write_text(version)
        bucket.publish(folder, "records/2019-12")
    assert [e.path for e in bucket.list("records/2019-12")] == [
        "records/2019-12/manifest.json",
        "records/2019-12/two.txt",
    ]
    assert bucket.folders("records") == ["records/2019-12"]


def test_the_old_record_stays_until_the_new_one_is_stored(bucket: Bucket, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        for name in ("a.parquet", "b.parquet", "manifest.json"):
            (folder / name).write_text(folder.name)
    bucket.publish(old, "records/2019-12")
    upload, calls = bucket._upload, []

    def dies(local: Path, path: str) -> None:
        calls.append(path)
        if len(calls) == 3:
            raise KeyboardInterrupt
        upload(local, path)

    bucket._upload = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        bucket.publish(new, "records/2019-12")
    assert {bucket.read(entry.path) for entry in bucket.list("records/2019-12")} == {b"old"}
    assert bucket.folders("records") == ["records/2019-12"]


def test_two_runs_that_publish_one_month_at_once_leave_the_record_of_one(bucket: Bucket, tmp_path: Path) -> None:
    names = [f"{n}.parquet" for n in range(6)] + ["manifest.json"]

    def publish(version: str) -> None:
        folder = tmp_path / version
        folder.mkdir()
        for name in names:
            (folder / name).write_text(version)
        Bucket(bucket.root).publish(folder, "records/2019-12")

    threads = [threading.Thread(target=publish, args=(f"version {n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({bucket.read(f"records/2019-12/{name}") for name in names}) == 1
    assert bucket.folders("records") == ["records/2019-12"]


def test_the_same_documents_as_in_a_folder(bucket: Bucket) -> None:
    write_json(bucket, "a.json", {"b": 1, "a": [2]})
    assert read_json(bucket, "a.json") == {"a": [2], "b": 1}


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", ""])
def test_no_path_leads_out_of_the_root(bucket: Bucket, path: str) -> None:
    with pytest.raises(BadRequest):
        bucket.read(path)


@pytest.mark.parametrize("root", ["s3://", "s3:///x", "s3://fossils/../other"])
def test_a_root_that_names_no_bucket_is_refused(root: str, s3_root: str) -> None:
    with pytest.raises(BadRequest, match="root"):
        connect(root)


def test_a_bucket_that_is_not_there_is_refused_at_once(s3_root: str) -> None:
    with pytest.raises(BadRequest, match=r"nowhere.*NoSuchBucket"):
        connect("s3://nowhere/root")


def test_wrong_credentials_are_refused_at_once(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "stranger")
    with pytest.raises(BadRequest, match="credentials"):
        connect(s3_root)


def test_missing_credentials_are_named(s3_root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(BadRequest, match="AWS_ACCESS_KEY_ID"):
        connect(s3_root)


def test_a_store_that_does_not_answer_is_worth_another_try(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3.free_port()}")
    monkeypatch.setattr(s3_storage, "_TRIES", 2)
    with pytest.raises(Unavailable, match=r"s3://fossils") as caught:
        connect(s3_root)
    assert not isinstance(caught.value, (StrataError, OSError))
