"""Blocks of lines -> tables of papers, on as many processors as there are.

A block is read at once where that is possible (``lines``). Where it is not it is halved, so that a broken line costs
its neighbours little, and what is left is read line by line (``papers.parse_line``).

Blocks go to worker processes, because part of the work keeps Python's lock: on two threads 2.7 million lines took 1.3
times as long as on two processes, when both were last measured. They are plain child programs (``serve`` below) rather
than ``multiprocessing``: tasks of Airflow may run in daemonic processes, which multiprocessing forbids to have
children, and a fork would copy whatever the task process holds.
"""

from __future__ import annotations

import gc
import hashlib
import itertools
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strata import lines
from strata.ahead import map_ahead
from strata.allowance import peak_memory
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
    process: int  # that parsed it: its id
    peak_memory: int  # and the largest resident memory that it has had so far, bytes


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
            process=os.getpid(),
            peak_memory=peak_memory(),
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


def parse_all(blocks: Iterable[Block], parser: Parser, processes: int) -> Iterator[Parsed]:
    """Parse blocks in worker processes; results come in the blocks' order.

    Args:
        blocks: the lines; at most ``processes + 2`` blocks are held at a time.
        parser: how to parse.
        processes: how many parse; with fewer than two the work is done right here, as it is with a single block. Of
            two, this process is one: the start of a second worker and the way there and back of its blocks are spared.
            Of more it is none, because parsing would keep Python's lock from the threads that pass blocks and results
            on.
    """
    coming = iter(blocks)
    first = list(itertools.islice(coming, 2))
    blocks = itertools.chain(first, coming)
    if processes < 2 or len(first) < 2:
        yield from map(parser, blocks)
        return
    with ExitStack() as stack:
        idle: SimpleQueue[Callable[[Block], Parsed]] = SimpleQueue()
        for _ in range(processes if processes > 2 else 1):
            idle.put(stack.enter_context(_Worker(parser)))
        if processes == 2:
            idle.put(parser)

        def parse(block: Block) -> Parsed:
            free = idle.get()
            try:
                return free(block)
            finally:
                idle.put(free)

        yield from map_ahead(parse, blocks, threads=processes, ahead=processes + 1)


class _Worker:
    """A child process that parses blocks until its input ends."""

    def __init__(self, parser: Parser) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from strata.parsing import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        _send(self._stdin, parser)

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    def __call__(self, block: Block) -> Parsed:
        assert self._process.stdout is not None
        _send(self._stdin, block)
        try:
            parsed = _receive(self._process.stdout)
        except EOFError:
            raise RuntimeError(f"the parsing process ended with exit status {self._process.wait()}") from None
        assert isinstance(parsed, Parsed)
        return parsed


def _send(pipe: IO[bytes], message: object) -> None:
    pickle.dump(message, pipe, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> object:
    return pickle.load(pipe)  # noqa: S301  (from our own child process, never from a file or the network)


def serve() -> None:
    """Be a worker: a parser first, then blocks in and results out until the input ends."""
    gc.freeze()  # what was imported stays: to look through it again and again takes 3% of the time
    parser = _receive(sys.stdin.buffer)
    assert isinstance(parser, Parser)
    while True:
        try:
            block = _receive(sys.stdin.buffer)
        except EOFError:
            return
        assert isinstance(block, Block)
        _send(sys.stdout.buffer, parser(block))
