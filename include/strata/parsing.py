"""Blocks of lines -> tables of papers, on as many processors as there are.

A block is read at once where that is possible (``lines``). Where it is not it is halved, so that a broken line costs
its neighbours little, and what is left is read line by line (``papers.parse_line``). Most of it happens outside of
Python's lock, so threads are enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strata import lines
from strata.ahead import map_ahead
from strata.categories import chosen
from strata.papers import LINE_TOO_LONG, Paper, Refused, complete, parse_line, to_table
from strata.sources.streams import MAX_LINE_BYTES, Block

_FEW = 16  # lines that are not halved any more: as many are read one by one in the time of one attempt at them all


@dataclass(frozen=True)
class Parsed:
    """One block of lines, sorted out."""

    table: pa.Table  # the papers of wanted categories: papers.SCHEMA and ``line`` (int64)
    lines: npt.NDArray[np.int64]  # line number of every paper, wanted or not
    key_high: npt.NDArray[np.uint64]  # its id's seeded 128-bit digest, the upper half
    key_low: npt.NDArray[np.uint64]  # and the lower
    wanted: npt.NDArray[np.bool_]
    refused: list[tuple[int, str, str]]  # line number, reason, detail
    last_line: int


@dataclass(frozen=True)
class Parser:
    """How to sort out a block: the categories wanted, and the seed of the ids' digests."""

    categories: tuple[str, ...]
    seed: int

    def __call__(self, block: Block) -> Parsed:
        """Parse every line of a block."""
        found = _Found(self.categories, self.seed.to_bytes(8, "little", signed=True))
        last = found.sort_out(block.data, block.first_line)
        keys = np.frombuffer(b"".join(found.digests), dtype=">u8").astype(np.uint64).reshape(-1, 2)
        return Parsed(
            table=found.table(),
            lines=np.array(found.numbers, np.int64),
            key_high=keys[:, 0],
            key_low=keys[:, 1],
            wanted=np.array(found.wanted, bool),
            refused=sorted(found.refused),
            last_line=last,
        )


@dataclass
class _Found:
    """What has been found in a block so far."""

    categories: tuple[str, ...]
    key: bytes
    numbers: list[int] = field(default_factory=list)  # of the lines that are papers, wanted or not
    digests: list[bytes] = field(default_factory=list)
    wanted: list[bool] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    tables: list[pa.Table] = field(default_factory=list)
    rows: list[Paper] = field(default_factory=list)  # those that were read by themselves
    row_lines: list[int] = field(default_factory=list)

    def sort_out(self, data: bytes, first_line: int) -> int:
        """Take the lines of a piece, the first of which has this number; return the last one's."""
        ends = lines.ends_of(data)
        last = first_line + len(ends) - 1
        read = lines.read(data, ends, self.categories) if len(ends) else None
        if read is not None:
            self._enter(read, first_line)
            left = np.flatnonzero(~read.plain).tolist()
        elif len(ends) > _FEW:
            middle = int(ends[len(ends) // 2]) + 1
            self.sort_out(data[middle:], self.sort_out(data[:middle], first_line) + 1)
            return last
        else:
            left = range(len(ends))
        for row in left:
            self._read(lines.piece_of(data, ends, row), first_line + row)
        return last

    def _enter(self, read: lines.Lines, first_line: int) -> None:
        numbers = np.flatnonzero(read.plain) + first_line
        self.numbers += numbers.tolist()
        self.digests += [self._digest(paper) for paper in read.ids.to_pylist()]
        self.wanted += read.wanted.tolist()
        self.tables.append(complete(read.columns).append_column("line", pa.array(numbers[read.wanted], pa.int64())))

    def _read(self, text: bytes, number: int) -> None:
        paper = parse_line(text) if len(text) <= MAX_LINE_BYTES else Refused(LINE_TOO_LONG, f"{len(text)} bytes")
        if not isinstance(paper, Paper):
            self.refused.append((number, paper.reason, paper.detail))
            return
        take = chosen(paper.categories, self.categories)
        self.numbers.append(number)
        self.digests.append(self._digest(paper.id))
        self.wanted.append(take)
        if take:
            self.rows.append(paper)
            self.row_lines.append(number)

    def _digest(self, paper: str) -> bytes:
        return hashlib.blake2b(paper.encode(), digest_size=16, key=self.key).digest()

    def table(self) -> pa.Table:
        """Return all papers of wanted categories."""
        alone = to_table(self.rows).append_column("line", pa.array(self.row_lines, pa.int64()))
        return pa.concat_tables([*self.tables, alone])


def parse_all(blocks: Iterable[Block], parser: Parser, threads: int) -> Iterator[Parsed]:
    """Parse blocks side by side; results come in the blocks' order.

    Args:
        blocks: the lines; at most ``threads + 2`` blocks are held at a time.
        parser: how to parse.
        threads: how many parse; with fewer than two the work is done right here.
    """
    if threads < 2:
        yield from map(parser, blocks)
    else:
        yield from map_ahead(parser, blocks, threads=threads, ahead=threads + 1)
