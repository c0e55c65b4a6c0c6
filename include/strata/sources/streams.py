"""A snapshot file as a stream of blocks of whole lines, whatever it is packed in, in constant memory."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

import numpy as np
import zstandard

from strata.errors import BadSnapshot

# Some of the work on a block costs the same whatever its size: 256 KB takes half as long again, 8 MB gains nothing.
BLOCK_BYTES = 1 << 22
MAX_LINE_BYTES = 1 << 24
# Bytes unpacked at a time. 8 KB of zstd can hold no more than 256 MB, whoever made them.
_RAW_BYTES = 1 << 13
_UNZIPPED_BYTES = 1 << 18  # a zip's reader bounds what it unpacks by itself
# arXiv's snapshot is packed to a quarter. Nothing that grows 200-fold beyond its first gigabyte is one.
MOST_EXPANSION, UNSUSPECTED_BYTES = 200, 1 << 30
_BOM = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Whole lines of a snapshot, each ended by a newline except perhaps the file's last."""

    first_line: int  # counted from 1
    data: bytes


class TooLong(NamedTuple):
    """A line longer than ``MAX_LINE_BYTES``: its text was passed over."""

    line: int
    size: int  # bytes


class Truncated(NamedTuple):
    """The archive ends before its own end mark or its checksum fails: what follows this line is lost."""

    line: int
    problem: str


def read(file: IO[bytes]) -> Iterator[Block | TooLong | Truncated]:
    """Yield a snapshot's lines in blocks of about 4 MB; the packing is told by the file's first bytes.

    The file's own position (``file.tell()``) says how far the reading has come.

    Raises:
        BadSnapshot: the zip archive does not hold exactly one JSON file, or an archive is a decompression bomb.
    """
    magic = file.read(4)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        yield from _lines(_bounded(file, _unpack(file, lambda: zlib.decompressobj(wbits=31))))
    elif magic == b"\x28\xb5\x2f\xfd":
        yield from _lines(_bounded(file, _unpack(file, zstandard.ZstdDecompressor().decompressobj)))
    elif magic == b"PK\x03\x04":
        yield from _lines(_bounded(file, _unzip(file)))
    else:
        yield from _lines(iter(lambda: file.read(BLOCK_BYTES), b""))


# What Python's zipfile raises for damage, as found by damaging archives at random: also what its headers then ask for
# (other methods and versions, a password) and where they then lead.
_ZIP_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(RuntimeError, ValueError, OverflowError, struct.error),
)


class _ArchiveEnd(Exception):
    """The archive is cut short or damaged."""


def _bounded(file: IO[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass chunks on until they are far more than the bytes they were packed in can honestly hold."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > UNSUSPECTED_BYTES and size > MOST_EXPANSION * file.tell():
            raise BadSnapshot(
                f"the archive's first {file.tell()} bytes unpack to more than {MOST_EXPANSION} times as much: "
                f"a decompression bomb, no snapshot"
            )
        yield chunk


def _unpack(file: IO[bytes], start: Callable[[], Any]) -> Iterator[bytes]:
    """Decompress gzip members or zstd frames, one after another.

    By hand rather than through ``gzip.open`` or zstandard's ``stream_reader``, because the latter takes a file that
    breaks off for one that ends.
    """
    unpacker = start()
    try:
        while raw := file.read(_RAW_BYTES):
            while raw:
                if unpacker.eof:
                    raw = raw.lstrip(b"\0")  # padding after the last member, as tape and tar tools leave it
                    if not raw:
                        break
                    unpacker = start()
                data = unpacker.decompress(raw)
                if data:
                    yield data
                raw = unpacker.unused_data if unpacker.eof else b""
    except (zlib.error, zstandard.ZstdError) as error:
        raise _ArchiveEnd(str(error)) from error
    if not unpacker.eof:
        raise _ArchiveEnd("the compressed data ends before its end mark")


def _is_snapshot(name: str) -> bool:
    # macOS packs a file "._x" of its own attributes beside every x.
    return name.lower().endswith((".json", ".jsonl", ".ndjson")) and not name.rpartition("/")[2].startswith("._")


def _unzip(file: IO[bytes]) -> Iterator[bytes]:
    try:
        archive = zipfile.ZipFile(file)
    except _ZIP_DAMAGE as error:
        raise _ArchiveEnd(str(error)) from error
    with archive:
        members = [m for m in archive.infolist() if _is_snapshot(m.filename)]
        if len(members) != 1:
            names = ", ".join(m.filename for m in archive.infolist()[:5])
            raise BadSnapshot(f"the zip archive must hold one .json or .jsonl file; it holds: {names}")
        try:
            with archive.open(members[0]) as member:
                while data := member.read(_UNZIPPED_BYTES):
                    yield data
        except _ZIP_DAMAGE as error:
            raise _ArchiveEnd(str(error)) from error


def _lines(chunks: Iterator[bytes]) -> Iterator[Block | TooLong | Truncated]:
    """Regroup decompressed bytes into blocks of whole lines."""
    held: list[bytes] = []
    size, line, skipping = 0, 1, 0
    try:
        for chunk in _without_mark(chunks):
            data = chunk
            if skipping:
                head, newline, data = chunk.partition(b"\n")
                skipping += len(head)
                if not newline:
                    continue
                yield TooLong(line, skipping)
                line, skipping = line + 1, 0
            held.append(data)
            size += len(data)
            if size < BLOCK_BYTES:
                continue
            data = b"".join(held)
            end = data.rfind(b"\n") + 1
            if end:
                yield Block(line, data[:end])
                # A sixth of the time of ``bytes.count``.
                line += int(np.count_nonzero(np.frombuffer(data, np.uint8, end) == ord("\n")))
            held, size = [data[end:]], len(data) - end
            if size > MAX_LINE_BYTES:
                held, size, skipping = [], 0, size
    except _ArchiveEnd as end:
        whole, newline, _ = b"".join(held).rpartition(b"\n")
        if newline:
            yield Block(line, whole + newline)
            line += whole.count(b"\n") + 1
        # The line on which the archive breaks off, or the one that never came.
        yield Truncated(line, str(end))
        return
    if skipping:
        yield TooLong(line, skipping)
    elif size:
        yield Block(line, b"".join(held))


def _without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Drop the byte order mark that some editors put before the first line."""
    for first in chunks:
        yield first.removeprefix(_BOM)
        break
    yield from chunks
