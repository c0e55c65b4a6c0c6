"""Sharding. If these fail, papers vanish between the snapshot and the corpus, or months change what is below them."""

from __future__ import annotations

import datetime as dt
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from records import ABSTRACT, created, line, write
from strata import layout, papers, shards
from strata.errors import BadSnapshot
from strata.shards import Selection, content_digest, shard_snapshot, snapshot_name
from strata.sources import locate, streams
from strata.storage import Storage, read_table

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def many(count: int, seed: int = 1) -> list[bytes]:
    """Lines of papers of random dates, in an order that is not that of time."""
    draw = random.Random(seed)
    lines = []
    for number in range(count):
        day = f"{draw.randint(1, 28)} {draw.choice(MONTHS)} {draw.randint(1995, 2019)}"
        categories = draw.choice(["math.NA", "cs.LG stat.ML", "hep-th"])
        lines.append(line(f"{draw.randint(0, 9999):04d}.{number:05d}", versions=created(day), categories=categories))
    return lines


def rows(storage: Storage, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    tables = [read_table(storage, layout.papers(manifest["snapshot"], entry["shard"])) for entry in manifest["shards"]]
    found: list[dict[str, Any]] = pa.concat_tables(tables).to_pylist()
    return found


def test_shards_are_in_order_of_time_then_id_and_hold_every_paper(tmp_path: Path, storage: Storage) -> None:
    source = locate(str(write(tmp_path / "a.jsonl", *many(1234))))
    manifest = shard_snapshot(source, Selection(shard_size=100), storage)
    found = rows(storage, manifest)
    keys = [(row["date"], row["id"]) for row in found]
    assert keys == sorted(keys)
    assert len({row["id"] for row in found}) == 1234
    assert [entry["papers"] for entry in manifest["shards"]] == [100] * 12 + [34]
    assert [entry["shard"] for entry in manifest["shards"]] == [f"{n:05d}" for n in range(13)]
    assert (manifest["first_date"], manifest["last_date"]) == (keys[0][0].isoformat(), keys[-1][0].isoformat())


def test_the_order_of_the_file_and_the_size_of_its_blocks_do_not_matter(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = many(600)
    first = shard_snapshot(locate(str(write(tmp_path / "a.jsonl", *lines))), Selection(shard_size=100), storage)
    random.Random(2).shuffle(lines)
    monkeypatch.setattr(streams, "BLOCK_BYTES", 20_000)
    second = shard_snapshot(locate(str(write(tmp_path / "b.jsonl", *lines))), Selection(shard_size=100), storage)
    assert [e["sha256"] for e in first["shards"]] == [e["sha256"] for e in second["shards"]]


def test_a_later_snapshot_changes_no_shard_below_the_top(tmp_path: Path, storage: Storage) -> None:
    lines = many(1000)
    old = shard_snapshot(locate(str(write(tmp_path / "a.jsonl", *lines))), Selection(shard_size=100), storage)
    new = [line(f"2001.{n:05d}", versions=created("5 Jan 2020")) for n in range(50)]
    grown = shard_snapshot(locate(str(write(tmp_path / "b.jsonl", *new, *lines))), Selection(shard_size=100), storage)
    assert [e["content"] for e in grown["shards"][:10]] == [e["content"] for e in old["shards"]]


def test_lines_read_are_papers_plus_refused(tmp_path: Path, storage: Storage) -> None:
    bad = [
        (b"{broken\n", papers.NOT_JSON),
        (b"[]\n", papers.NOT_OBJECT),
        (line(id=...), papers.MISSING_ID),
        (line(id=704.0001), papers.BAD_ID),
        (line("0704.0002", versions=created("31 Feb 2007")), papers.BAD_DATE),
        (line("0704.0003", title=""), papers.MISSING_TITLE),
        (line("0704.0004", abstract=""), papers.EMPTY_ABSTRACT),
        (line("0704.0005", categories="?"), papers.BAD_CATEGORIES),
        (b'{"id": "\xff"}\n', papers.INVALID_UTF8),
        (b"\n", papers.BLANK_LINE),
        (line("0704.0006")[:-30], papers.NOT_JSON),
    ]
    good = many(200)
    lines = [*good[:100], *(text for text, _ in bad[:-1]), *good[100:], bad[-1][0]]
    manifest = shard_snapshot(locate(str(write(tmp_path / "a.jsonl", *lines))), Selection(), storage, max_refused=0.1)
    assert manifest["lines"] == len(lines) == manifest["papers"] + manifest["refused"]
    expected = [(101 + n, reason) for n, (_, reason) in enumerate(bad[:-1])] + [(len(lines), bad[-1][1])]
    assert [(r["line"], r["reason"]) for r in manifest["refusals"]] == expected


def test_the_last_of_two_lines_with_one_id_wins_even_from_another_year(tmp_path: Path, storage: Storage) -> None:
    twice = [
        line("0704.0001", title="The first telling of it", versions=created("1 May 1999")),
        *many(100),
        line("0704.0001", title="The last telling of it", versions=created("1 May 2007")),
    ]
    manifest = shard_snapshot(locate(str(write(tmp_path / "a.jsonl", *twice))), Selection(), storage)
    assert [(r["line"], r["reason"], r["detail"]) for r in manifest["refusals"]] == [
        (1, papers.SUPERSEDED, "by line 102")
    ]
    told = [row for row in rows(storage, manifest) if row["id"] == "0704.0001"]
    assert [(row["title"], row["date"]) for row in told] == [("The last telling of it", dt.date(2007, 5, 1))]


def test_categories_narrow_and_what_is_left_out_is_counted(tmp_path: Path, storage: Storage) -> None:
    source = locate(str(write(tmp_path / "a.jsonl", *many(300))))
    manifest = shard_snapshot(source, Selection(categories=("cs.", "math.NA")), storage)
    found = rows(storage, manifest)
    assert {row["primary"] for row in found} == {"cs.LG", "math.NA"}
    assert manifest["papers"] == len(found) == 300 - manifest["not_selected"]
    assert manifest["not_selected"] > 0


def test_a_sample_is_of_papers_and_the_same_in_a_longer_snapshot(tmp_path: Path, storage: Storage) -> None:
    lines = many(2000)
    half = shard_snapshot(locate(str(write(tmp_path / "a.jsonl", *lines[:1000]))), Selection(sample=100), storage)
    whole = shard_snapshot(locate(str(write(tmp_path / "b.jsonl", *lines))), Selection(sample=100), storage)
    other = shard_snapshot(locate(str(tmp_path / "b.jsonl")), Selection(sample=100, seed=5), storage)
    in_half, in_whole, in_other = ({row["id"] for row in rows(storage, m)} for m in (half, whole, other))
    assert len(in_half) == len(in_whole) == len(in_other) == 100
    early = {json.loads(text)["id"] for text in lines[:1000]}
    assert in_whole & early <= in_half, "a paper of the larger snapshot's sample was out in the smaller one's"
    assert in_other != in_whole


def test_a_second_call_reads_the_manifest_and_nothing_else(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = locate(str(write(tmp_path / "a.jsonl", *many(50))))
    first = shard_snapshot(source, Selection(), storage)
    monkeypatch.setattr(shards, "_read_lines", None)
    assert shard_snapshot(source, Selection(), storage) == first


def test_too_many_refusals_turn_the_snapshot_away_and_show_the_first_few(tmp_path: Path, storage: Storage) -> None:
    source = locate(str(write(tmp_path / "a.jsonl", *many(97), b"{\n", b"[]\n", b"\n")))
    with pytest.raises(BadSnapshot, match=r"3 of 100 lines are refused.*line 98: not JSON.*line 99: not an object"):
        shard_snapshot(source, Selection(), storage)
    name = snapshot_name(source, Selection())
    assert not storage.exists(layout.snapshot_manifest(name))
    told = json.loads(storage.read(layout.refused_manifest(name)))
    assert [r["line"] for r in told["refusals"]] == [98, 99, 100]
    assert shard_snapshot(source, Selection(), storage, max_refused=0.05)["refused"] == 3


def test_an_archive_that_breaks_off_is_never_taken_for_a_smaller_one(tmp_path: Path, storage: Storage) -> None:
    import gzip

    packed = gzip.compress(b"".join(many(3000)))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(BadSnapshot, match="breaks off after line"):
        shard_snapshot(locate(str(path)), Selection(), storage)
    salvaged = shard_snapshot(locate(str(path)), Selection(), storage, max_refused=1)
    assert salvaged["refused_by_reason"] == {papers.TRUNCATED_ARCHIVE: 1}
    assert salvaged["lines"] == salvaged["papers"] + 1 > 500
    with pytest.raises(BadSnapshot, match="breaks off after line"):  # else the next month's run would take it as well
        shard_snapshot(locate(str(path)), Selection(), storage)
    assert shard_snapshot(locate(str(path)), Selection(), storage, max_refused=1) == salvaged


def test_the_archive_that_kaggle_ships_gives_the_same_shards(tmp_path: Path, storage: Storage) -> None:
    plain = write(tmp_path / "a.json", *many(200))
    with zipfile.ZipFile(tmp_path / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "arxiv-metadata-oai-snapshot.json")
    first = shard_snapshot(locate(str(plain)), Selection(), storage)
    second = shard_snapshot(locate(str(tmp_path / "archive.zip")), Selection(), storage)
    assert [e["content"] for e in first["shards"]] == [e["content"] for e in second["shards"]]


@pytest.mark.parametrize("text", [b"", b"\n", b"<html><body>Not found</body></html>\n"])
def test_a_file_without_papers_is_turned_away(tmp_path: Path, storage: Storage, text: bytes) -> None:
    with pytest.raises(BadSnapshot, match=r"a\.jsonl"):
        shard_snapshot(locate(str(write(tmp_path / "a.jsonl", text))), Selection(), storage)


def test_the_digest_of_a_shard_is_that_of_its_ids_and_texts_in_order(tmp_path: Path, storage: Storage) -> None:
    manifest = shard_snapshot(locate(str(write(tmp_path / "a.jsonl", *many(20)))), Selection(), storage)
    found = rows(storage, manifest)
    digest = content_digest([row["id"] for row in found], [row["text_hash"] for row in found])
    assert manifest["shards"][0]["content"] == digest
    swapped = [found[1], found[0], *found[2:]]
    assert content_digest([r["id"] for r in swapped], [r["text_hash"] for r in swapped]) != digest


def test_an_id_is_a_string_in_the_file_itself(tmp_path: Path, storage: Storage) -> None:
    manifest = shard_snapshot(locate(str(write(tmp_path / "a.jsonl", line("0704.0001")))), Selection(), storage)
    file = Path(storage.uri(layout.papers(manifest["snapshot"], "00000")))
    assert str(pq.read_schema(file).field("id").type) == "string"
    assert pq.read_table(file)["id"].to_pylist() == ["0704.0001"]


def test_a_long_abstract_passes(tmp_path: Path, storage: Storage) -> None:
    long = " ".join([ABSTRACT] * 500)
    manifest = shard_snapshot(locate(str(write(tmp_path / "a.jsonl", line(abstract=long)))), Selection(), storage)
    assert rows(storage, manifest)[0]["abstract"] == long
