"""Blocks of lines -> tables of papers, on as many processors as there are.

Reading JSON and cleaning text is nearly all of the work of sharding, and Python does it on one processor a process.
The blocks therefore go to worker processes. They are plain child programs (``serve`` below) rather than
``multiprocessing``: tasks of Airflow may run in daemonic processes, which multiprocessing forbids to have children, and
a fork would copy whatever the task process holds.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from typing import IO, Any

import numpy as np
import pyarrow as pa

from strata.ahead import map_ahead
from strata.categories import chosen
from strata.papers import LINE_TOO_LONG, Paper, Refused, in_order, parse_line, to_table
from strata.sources.streams import MAX_LINE_BYTES, Block


@dataclass(frozen=True)
class Parsed:
    """One block of lines, sorted out."""

    table: pa.Table  # the papers of wanted categories: papers.SCHEMA and ``line`` (int64); by date, then id
    lines: np.ndarray[Any, np.dtype[np.int64]]  # line number of every paper, wanted or not
    key_high: np.ndarray[Any, np.dtype[np.uint64]]  # its id's seeded 128-bit digest, the upper half
    key_low: np.ndarray[Any, np.dtype[np.uint64]]  # and the lower
    wanted: np.ndarray[Any, np.dtype[np.bool_]]
    refused: list[tuple[int, str, str]]  # line number, reason, detail
    last_line: int


@dataclass(frozen=True)
class Parser:
    """How to sort out a block: the categories wanted, and the seed of the ids' digests."""

    categories: tuple[str, ...]
    seed: int

    def __call__(self, block: Block) -> Parsed:
        """Parse every line of a block."""
        key = self.seed.to_bytes(8, "little", signed=True)
        rows: list[Paper] = []
        row_lines: list[int] = []
        lines: list[int] = []
        digests: list[bytes] = []
        wanted: list[bool] = []
        refused: list[tuple[int, str, str]] = []
        texts = block.data.split(b"\n")
        if not texts[-1]:
            texts.pop()  # what follows the last newline is no line
        for number, text in enumerate(texts, start=block.first_line):
            paper = parse_line(text) if len(text) <= MAX_LINE_BYTES else Refused(LINE_TOO_LONG, f"{len(text)} bytes")
            if not isinstance(paper, Paper):
                refused.append((number, paper.reason, paper.detail))
                continue
            take = chosen(paper.categories, self.categories)
            lines.append(number)
            digests.append(hashlib.blake2b(paper.id.encode(), digest_size=16, key=key).digest())
            wanted.append(take)
            if take:
                rows.append(paper)
                row_lines.append(number)
        keys = np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64).reshape(-1, 2)
        table = in_order(to_table(rows).append_column("line", pa.array(row_lines, pa.int64())))
        return Parsed(
            table=table,
            lines=np.array(lines, np.int64),
            key_high=keys[:, 0],
            key_low=keys[:, 1],
            wanted=np.array(wanted, bool),
            refused=refused,
            last_line=block.first_line + len(texts) - 1,
        )


def parse_all(blocks: Iterable[Block], parser: Parser, processes: int) -> Iterator[Parsed]:
    """Parse blocks in worker processes; results come in the blocks' order.

    Args:
        blocks: the lines; at most ``processes + 2`` blocks are held at a time.
        parser: how to parse.
        processes: how many parse; with fewer than two the work is done right here. Of two, this process is one: the
            start of a second worker and the way there and back of its blocks are spared. Of more it is none, because
            parsing would keep Python's lock from the threads that pass blocks and results on.
    """
    if processes < 2:
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
    parser = _receive(sys.stdin.buffer)
    assert isinstance(parser, Parser)
    while True:
        try:
            block = _receive(sys.stdin.buffer)
        except EOFError:
            return
        assert isinstance(block, Block)
        _send(sys.stdout.buffer, parser(block))
