"""Malformed snapshots, each named for its defect. If these fail, a line is lost unseen or a run dies of its input."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import created, line, record
from strata.errors import BadSnapshot
from strata.shards import Selection, shard_snapshot
from strata.sources import locate, streams
from strata.storage import connect

pytestmark = pytest.mark.drill

GOOD = [line(f"0704.{number:04d}") for number in range(1, 41)]


def zipped(text: bytes, name: str = "arxiv-metadata-oai-snapshot.json") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return packed.getvalue()


WHOLE = b"".join(GOOD)
NOISE = b"".join(line(f"0704.{n:04d}", title=random.Random(n).randbytes(40).hex()) for n in range(1, 2000))

# One bad line among forty good ones: exactly that line is refused, for that reason.
BAD_LINES: dict[str, tuple[bytes, str]] = {
    "deep nesting": (b'{"id": "0704.9999", "x": ' + b"[" * 100_000 + b"\n", "not JSON"),
    "deep nesting that ends": (b'{"id": "0704.9999", "x": ' + b"[" * 3000 + b"]" * 3000 + b"}\n", "not JSON"),
    "NULs": (b"\0" * 1000 + b"\n", "not JSON"),
    "a NUL in a title": (line("0704.9999", title="a\0b").replace(b"\\u0000", b"\0"), "not JSON"),
    "a lone surrogate": (b'{"id": "0704.9999", "title": "\\ud800"}\n', "not JSON"),
    "latin-1": (line("0704.9999", title="caf\xe9").replace(b"\\u00e9", b"\xe9"), "invalid UTF-8"),
    "an id that climbs": (line("../../etc/passwd"), "bad id"),
    "an id from a CSV": (line("x").replace(b'"x"', b"704.0001"), "bad id"),
    "an id with a version": (line("0704.0001v2"), "bad id"),
    "no id": (line(id=None), "missing id"),
    "a day that is none": (line("0704.9999", versions=created("31 Feb 2007")), "bad date"),
    "a year in the future": (line("0704.9999", versions=created("1 Jan 2999")), "bad date"),
    "a date in ISO form": (line("0704.9999", versions=[{"version": "v1", "created": "2007-04-02"}]), "bad date"),
    "a number for a date": (line("0704.9999", versions=[{"version": "v1", "created": 1175541522}]), "bad date"),
    "versions that are a text": (line("0704.9999", versions="v1"), "bad date"),
    "categories that are a list": (line("0704.9999", categories=["cs.LG"]), "bad categories"),
    "an abstract that is a number": (line("0704.9999", abstract=7), "empty abstract"),
    "an array": (b"[]\n", "not an object"),
    "half a line": (line("0704.9999")[:77] + b"\n", "not JSON"),
    "a blank line": (b"   \n", "blank line"),
    "HTML": (b"<!DOCTYPE html><html><body>Too many requests</body></html>\n", "not JSON"),
    "one that comes again": (line("0704.0007", title="The second of its id"), "superseded"),
    "100 MB": (b'{"id": "0704.9999", "title": "' + b"x" * 100_000_000 + b'"}\n', "line too long"),
}

# Whole files that are no snapshot: refused with the file's name, and never half taken.
BAD_FILES: dict[str, bytes] = {
    "empty": b"",
    "empty gzip": gzip.compress(b""),
    "HTML": b"<html>\n<body>404</body>\n</html>\n",
    "truncated gzip": gzip.compress(NOISE)[:-5000],
    "truncated zstd": zstandard.compress(NOISE)[:-5000],
    "truncated zip": zipped(NOISE)[:-5000],
    "a gzip with a flipped bit": bytes(b ^ (8 * (i == 20_000)) for i, b in enumerate(gzip.compress(NOISE))),
    "a zip of a CSV": zipped(b"id,title\n", "arxiv.csv"),
    "a zip of nothing": zipped(b"")[-22:],
    "a gzip bomb": gzip.compress(b"\0" * (40 << 20)),
    "a zstd bomb": zstandard.compress(b"{}\n" * (20 << 20)),
    "a zip bomb": zipped(b" " * (40 << 20)),
    "random bytes": random.Random(0).randbytes(100_000),
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "a JSON array": json.dumps([record(f"0704.{n:04d}") for n in range(1, 9)]).encode(),
}


def take(folder: Path, data: bytes, *, max_refused: float = 1.0) -> dict:
    source = folder / "snapshot.jsonl"
    source.write_bytes(data)
    return shard_snapshot(locate(str(source)), Selection(), connect(str(folder / "root")), max_refused=max_refused)


@pytest.mark.parametrize("defect", BAD_LINES)
def test_one_bad_line_is_refused_for_its_reason_and_its_neighbours_are_kept(defect: str, tmp_path: Path) -> None:
    bad, reason = BAD_LINES[defect]
    manifest = take(tmp_path, b"".join([*GOOD[:20], bad, *GOOD[20:]]))
    assert manifest["lines"] == 41 == manifest["papers"] + manifest["refused"]
    assert manifest["refused_by_reason"] == {reason: 1}
    # Of two lines with one id the later one counts; here the planted one came 14 lines after the seventh.
    assert [r["line"] for r in manifest["refusals"]] == [7 if reason == "superseded" else 21]


@pytest.mark.parametrize("defect", BAD_FILES)
def test_a_file_that_is_no_snapshot_is_refused_by_name(
    defect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "UNSUSPECTED_BYTES", 8 << 20)
    with pytest.raises(BadSnapshot) as refused:
        take(tmp_path, BAD_FILES[defect], max_refused=0.01)
    assert "snapshot.jsonl" in str(refused.value), refused.value
    assert not list((tmp_path / "root").rglob("papers/*.parquet"))
    assert not list((tmp_path / "root").rglob("manifest.json"))


def test_a_folder_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(BadSnapshot, match=tmp_path.name):
        locate(str(tmp_path))


PACKINGS = {"plain": bytes, "gz": gzip.compress, "zst": zstandard.compress, "zip": zipped}


# `make drills` tries 400 files, `make test` a few of them.
EXAMPLES = int(os.environ.get("STRATA_DRILL_EXAMPLES", "60"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(PACKINGS)),
    st.lists(
        st.sampled_from(GOOD[:8]) | st.binary(max_size=80).map(lambda text: text.replace(b"\n", b"") + b"\n"),
        max_size=12,
    ),
    st.integers(0, 4000),
    st.integers(0, 3),
)
def test_every_line_of_any_file_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, packing: str, lines: list[bytes], at: int, cut: int
) -> None:
    packed = bytearray(PACKINGS[packing](b"".join(lines)))
    if cut and packed:
        place = at % len(packed)
        packed = packed[:place] if cut == 1 else packed[:place] + bytes([at % 256]) * (cut - 1) + packed[place + 1 :]
    folder = tmp_path_factory.mktemp("fuzz")
    try:
        manifest = take(folder, bytes(packed))
    except BadSnapshot as error:
        assert "snapshot.jsonl" in str(error) or "zip archive" in str(error)
        refused = list((folder / "root").rglob("refused-manifest.json"))
        if not refused:
            return
        manifest = json.loads(refused[0].read_text())
    assert manifest["lines"] == manifest["papers"] + manifest["refused"] + manifest["not_selected"]
    assert sum(shard["papers"] for shard in manifest["shards"]) in (0, manifest["papers"])
