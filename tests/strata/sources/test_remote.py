"""Snapshots from Kaggle, the hub and a bucket. If these fail, `SNAPSHOT=kaggle` brings the wrong file or none."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from server import Server

from records import created, line, record, write
from strata.errors import BadRequest, BadSnapshot
from strata.plan import make_plan
from strata.shards import Selection, shard_snapshot
from strata.sources import locate, unchanged
from strata.sources.huggingface import newest_commit
from strata.storage import Storage, connect

LINES = [line(f"0704.{n:05d}", versions=created(f"{n % 28 + 1} Apr 2007")) for n in range(300)]
KAGGLE = "/api/v1/datasets/download/Cornell-University/arxiv?dataset_version_number="
HUB = "/api/datasets/librarian-bots/arxiv-metadata-snapshot"


def kaggle_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        # With a date of its own: two calls in different seconds would else give different bytes.
        name = zipfile.ZipInfo("arxiv-metadata-oai-snapshot.json", (2024, 1, 1, 0, 0, 0))
        archive.writestr(name, b"".join(LINES), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def contents(snapshot: str, storage: Storage) -> list[str]:
    manifest = shard_snapshot(locate(snapshot, storage), Selection(shard_size=100), storage)
    return [entry["content"] for entry in manifest["shards"]]


@pytest.fixture
def wanted(tmp_path: Path, storage: Storage) -> list[str]:
    """The digests of the shards of the same lines in a plain file."""
    return contents(str(write(tmp_path / "plain.jsonl", *LINES)), storage)


def test_kaggles_newest_version_is_fetched_once(server: Server, storage: Storage, wanted: list[str]) -> None:
    server.json("/api/v1/datasets/view/Cornell-University/arxiv", {"currentVersionNumber": 232, "title": "arXiv"})
    server.file(KAGGLE + "232", b"", redirect=f"{server.url}/signed?x=1")
    server.file("/signed?x=1", kaggle_zip(), breaks_off=1)
    assert contents("kaggle", storage) == wanted
    told = json.loads(storage.read("downloads/kaggle-232/source.json"))
    assert told["version"] == 232 and told["sha256"] == hashlib.sha256(kaggle_zip()).hexdigest()
    server.asked.clear()
    assert contents("kaggle", storage) == wanted
    assert [path for path, _ in server.asked] == ["/api/v1/datasets/view/Cornell-University/arxiv"]


def test_of_runs_that_want_the_same_version_at_once_one_fetches_it(server: Server, storage: Storage) -> None:
    """Else months of a backfill that start together fetch gigabytes each, or one fails as another clears up."""
    server.file(KAGGLE + "7", kaggle_zip())
    with ThreadPoolExecutor(8) as threads:
        found = [run.result() for run in [threads.submit(locate, "kaggle:7", storage) for _ in range(8)]]
    assert len({source.digest for source in found}) == 1
    assert [path for path, _ in server.asked].count(KAGGLE + "7") == 1


def test_kaggles_versions_are_kept_apart(server: Server, storage: Storage, wanted: list[str]) -> None:
    server.file(KAGGLE + "7", kaggle_zip())
    assert contents("kaggle:7", storage) == wanted
    with pytest.raises(BadSnapshot, match="no such version"):
        locate("kaggle:8", storage)


def test_kaggle_without_a_version_in_its_answer_is_named(server: Server, storage: Storage) -> None:
    server.json("/api/v1/datasets/view/Cornell-University/arxiv", {"message": "changed"})
    with pytest.raises(BadSnapshot, match="names no current version"):
        locate("kaggle", storage)


def hub(server: Server) -> None:
    """Three commits on two pages; the newest data in two files."""
    entries = [("c" * 40, "2026-10-05", "Update README.md"), ("b" * 40, "2026-10-01", "Upload dataset"),
               ("a" * 40, "2024-06-30", "Upload dataset (part 00000-of-00001)")]  # fmt: skip
    commits = [
        {"id": sha, "date": f"{day}T07:05:01.000Z", "title": title, "authors": []} for sha, day, title in entries
    ]
    server.json(
        f"{HUB}/commits/main", commits[:2], headers={"Link": f'<{server.url}{HUB}/commits/main?p=1>; rel="next"'}
    )
    server.json(f"{HUB}/commits/main?p=1", commits[2:])
    for sha, spans in (("b" * 40, [(0, 200), (200, 300)]), ("a" * 40, [(0, 100)])):
        tree = [{"type": "file", "path": "data/notes.txt", "size": 3, "oid": "1"}]
        for number, (start, end) in enumerate(spans):
            path, body = f"data/train-{number:05d}-of-{len(spans):05d}.parquet", parquet(start, end)
            lfs = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 134}
            tree.append({"type": "file", "path": path, "size": len(body), "oid": "2", "lfs": lfs})  # type: ignore[dict-item]
            server.file(f"/datasets/librarian-bots/arxiv-metadata-snapshot/resolve/{sha}/{path}", body, breaks_off=1)
        server.json(f"{HUB}/tree/{sha}/data", tree)


def parquet(start: int, end: int) -> bytes:
    rows = [json.loads(text) for text in LINES[start:end]]
    for row in rows:
        row["update_date"] = dt.datetime(2010, 1, 1)
        row["authors_parsed"] = [["Author", "A.", ""]]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def test_the_hubs_newest_data_are_the_same_papers(server: Server, storage: Storage, wanted: list[str]) -> None:
    hub(server)
    assert contents("huggingface", storage) == wanted
    (folder,) = storage.folders("downloads")
    told = json.loads(storage.read(f"{folder}/source.json"))
    assert folder == f"downloads/huggingface-20261001-{'b' * 12}"
    assert told["commit"] == "b" * 40
    server.asked.clear()
    assert contents("huggingface", storage) == wanted
    assert not [path for path, _ in server.asked if "resolve" in path]


def test_the_hub_as_it_was_on_a_day(server: Server, storage: Storage) -> None:
    hub(server)
    assert newest_commit(dt.date(2026, 9, 30)).sha == "a" * 40
    manifest = shard_snapshot(locate("huggingface@2024-12-31", storage), Selection(), storage)
    assert manifest["papers"] == 100
    with pytest.raises(BadSnapshot, match=r"on or before 2024-06-29: its first is of 2024-06-30"):
        locate("huggingface@2024-06-29", storage)


def test_a_true_backfill_reads_the_snapshot_of_its_month(server: Server, storage: Storage, tiny_model: str) -> None:
    hub(server)
    rest: dict[str, Any] = {"today": "2026-11-21", "model": tiny_model, "categories": None, "sample": None, "seed": 0}
    rest |= {"shard_size": 100, "max_refused": 0.01, "clusters": None, "storage": storage, "mode": "true"}
    old = make_plan(snapshot="huggingface", month="2026-08", **rest)
    assert "huggingface-20240630-" in old.source
    assert old.to_dict()["mode"] == "true"
    # The first one after the month shows it whole; the one before lacks its last days.
    assert "huggingface-20261001-" in make_plan(snapshot="huggingface", month="2026-09", **rest).source
    with pytest.raises(BadRequest, match="huggingface only"):
        make_plan(snapshot="kaggle", month="2024-12", **rest)
    with pytest.raises(BadRequest, match="needs a month"):
        make_plan(snapshot="huggingface", month=None, **rest)


def test_the_hubs_records_read_as_arxivs_own(server: Server, storage: Storage) -> None:
    hub(server)
    source = locate("huggingface@2024-12-31", storage)
    import zstandard

    with source.path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as lines:
        first = json.loads(lines.read().splitlines()[0])
    assert first["update_date"] == "2010-01-01"
    assert first["versions"] == record(versions=created("1 Apr 2007"))["versions"]


def test_a_snapshot_in_a_bucket_is_read_where_it_lies(
    s3_root: str, storage: Storage, wanted: list[str], tmp_path: Path
) -> None:
    bucket = connect(s3_root)
    bucket.write("given/archive.zip", kaggle_zip())
    source = locate(bucket.uri("given/archive.zip"))
    assert source.size == len(kaggle_zip())
    assert unchanged(source)
    assert contents(bucket.uri("given/archive.zip"), storage) == wanted
    with pytest.raises(BadSnapshot, match=r"nothing\.json: no such file"):
        locate(bucket.uri("given/nothing.json"))


def test_a_download_into_a_bucket_serves_every_worker(server: Server, s3_root: str, wanted: list[str]) -> None:
    server.file(KAGGLE + "7", kaggle_zip())
    bucket = connect(s3_root)
    assert contents("kaggle:7", bucket) == wanted
    assert str(locate("kaggle:7", connect(s3_root)).path).startswith("s3://")


@pytest.mark.parametrize(
    "snapshot", ["ftp://host/a.json", "kaggle:newest", "huggingface@June", "huggingface@2024-13-01", "s3://bucket"]
)
def test_a_source_that_makes_no_sense_is_refused(snapshot: str, storage: Storage, s3_root: str) -> None:
    with pytest.raises(BadSnapshot):
        locate(snapshot, storage)
