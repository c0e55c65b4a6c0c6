"""Reading snapshots. If these fail, lines are lost or counted twice without anybody being told."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable

import pytest
import zstandard

from strata.errors import BadSnapshot
from strata.sources import streams
from strata.sources.streams import Block, TooLong, Truncated, read

LINES = [f'{{"id": "{n}", "x": "{"y" * (n % 97)}"}}'.encode() for n in range(5000)]
TEXT = b"\n".join(LINES) + b"\n"


def zipped(text: bytes, *names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("arxiv-metadata-oai-snapshot.json",):
            archive.writestr(name, text)
    return packed.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "two gz members": lambda text: gzip.compress(text[:999]) + gzip.compress(text[999:]),
    "zst": zstandard.compress,
    "two zst frames": lambda text: zstandard.compress(text[:999]) + zstandard.compress(text[999:]),
    "zip": zipped,
}


def lines_of(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    for item in read(io.BytesIO(data)):
        assert isinstance(item, Block), item
        texts = item.data.split(b"\n")
        found += list(enumerate(texts[:-1] if not texts[-1] else texts, start=item.first_line))
    return found


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("block", [7, 4096, 1 << 22])
def test_every_line_comes_once_with_its_number(packing: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BLOCK_BYTES", block)
    monkeypatch.setattr(streams, "_RAW_BYTES", 1000)
    expected = list(enumerate(LINES, start=1))
    assert lines_of(PACKINGS[packing](TEXT)) == expected
    assert lines_of(PACKINGS[packing](TEXT[:-1])) == expected, "without the last newline"


@pytest.mark.parametrize("packing", ["gz", "two gz members", "zst", "two zst frames", "zip"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_an_archive_that_breaks_off_says_so_and_gives_up_no_whole_line(packing: str, keep: float) -> None:
    text = b"\n".join(random.Random(3).randbytes(60).hex().encode() for _ in range(20_000)) + b"\n"
    packed = PACKINGS[packing](text)
    items = list(read(io.BytesIO(packed[: int(len(packed) * keep)])))
    assert isinstance(items[-1], Truncated)
    whole = b"".join(item.data for item in items if isinstance(item, Block))
    assert text.startswith(whole)
    assert items[-1].line == whole.count(b"\n") + 1
    assert whole.endswith(b"\n") or not whole


def test_a_flipped_byte_in_an_archive_is_found() -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[len(packed) // 2] ^= 0xFF
    assert isinstance(list(read(io.BytesIO(bytes(packed))))[-1], Truncated)


def test_a_line_without_end_takes_no_memory_and_does_not_hide_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(streams, "MAX_LINE_BYTES", 5000)
    items = list(read(io.BytesIO(b"first\n" + b"x" * 50_000 + b"\nlast\n")))
    assert [item for item in items if isinstance(item, TooLong)] == [TooLong(2, 50_000)]
    blocks = [item for item in items if isinstance(item, Block)]
    assert [(b.first_line, b.data) for b in blocks] == [(1, b"first\n"), (3, b"last\n")]
    assert list(read(io.BytesIO(b"x" * 50_000))) == [TooLong(1, 50_000)]


def test_a_byte_order_mark_is_not_part_of_the_first_line() -> None:
    assert lines_of(b"\xef\xbb\xbf{}\n") == [(1, b"{}")]


def test_an_empty_file_has_no_lines() -> None:
    assert lines_of(b"") == []
    assert lines_of(gzip.compress(b"")) == []


def test_a_zip_of_several_files_is_refused_by_name() -> None:
    with pytest.raises(BadSnapshot, match=r"a\.json, b\.json"):
        list(read(io.BytesIO(zipped(TEXT, "a.json", "b.json"))))


def test_what_macos_packs_beside_the_file_is_passed_over() -> None:
    assert lines_of(zipped(TEXT, "arxiv.json", "__MACOSX/._arxiv.json")) == lines_of(TEXT)


@pytest.mark.parametrize("packing", ["gz", "zst", "zip"])
def test_a_decompression_bomb_is_refused_before_it_fills_a_disk(packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "UNSUSPECTED_BYTES", 1 << 20)
    bomb = PACKINGS[packing](b'{"id": "0704.0001"}\n' * 400_000)
    with pytest.raises(BadSnapshot, match="bomb"):
        for item in read(io.BytesIO(bomb)):
            assert isinstance(item, Block)


def test_a_small_archive_may_be_packed_as_tightly_as_it_likes() -> None:
    assert len(lines_of(zstandard.compress(b"{}\n" * 300_000))) == 300_000
