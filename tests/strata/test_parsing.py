"""Parsing in worker processes. If these fail, blocks come out of order or vanish, or one broken line takes its
neighbours with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from records import line
from strata import lines, parsing
from strata.papers import LINE_TOO_LONG, NOT_JSON
from strata.parsing import Parsed, Parser, parse_all
from strata.sources.streams import MAX_LINE_BYTES, Block


def blocks(count: int, lines: int = 20) -> Iterator[Block]:
    for number in range(count):
        texts = [line(f"{number:04d}.{n:05d}") if n % 7 else b"{broken\n" for n in range(lines)]
        yield Block(1 + number * lines, b"".join(texts))


def contents(parsed: Parsed) -> tuple[object, ...]:
    keys = (parsed.key_high.tolist(), parsed.key_low.tolist())
    return (parsed.table.to_pylist(), parsed.lines.tolist(), keys, parsed.refused, parsed.last_line)


@pytest.mark.parametrize("processes", [2, 3])
def test_worker_processes_give_what_this_process_gives_in_the_same_order(processes: int) -> None:
    parser = Parser(("cond-mat",), seed=3)
    here = [contents(parsed) for parsed in parse_all(blocks(9), parser, processes=1)]
    there = [contents(parsed) for parsed in parse_all(blocks(9), parser, processes)]
    assert there == here
    assert [result[-1] for result in there] == [20 * (n + 1) for n in range(9)]


def test_each_process_tells_its_own_memory() -> None:
    """A reader of the manifest who gives a task too little of it sees the task killed."""
    told: dict[int, int] = {}
    for parsed in parse_all(blocks(9), Parser((), seed=0), processes=2):
        told[parsed.process] = parsed.peak_memory
    assert os.getpid() in told
    (worker,) = told.keys() - {os.getpid()}
    assert 10_000_000 < told[worker] < told[os.getpid()] + 200_000_000


def test_for_a_single_block_no_process_is_started() -> None:
    """It would take longer to start than to parse."""
    (parsed,) = parse_all(blocks(1), Parser((), seed=0), processes=3)
    assert parsed.process == os.getpid()


@pytest.mark.parametrize("place", [0, 1, 499, 998, 999])
def test_a_broken_line_is_refused_under_its_number_and_costs_its_neighbours_nothing(place: int) -> None:
    texts = [line(f"0704.{n:05d}") for n in range(1000)]
    texts[place] = b"{broken\n"
    parsed = Parser((), seed=0)(Block(101, b"".join(texts)))
    assert [(number, reason) for number, reason, _ in parsed.refused] == [(101 + place, NOT_JSON)]
    numbers = dict(zip(parsed.table["id"].to_pylist(), parsed.table["line"].to_pylist(), strict=True))
    assert numbers == {f"0704.{n:05d}": 101 + n for n in range(1000) if n != place}
    assert parsed.last_line == 1100


def test_a_line_that_is_too_long_is_refused_among_its_neighbours() -> None:
    """The reader passes over what it sees to be too long; a line that just fits into a block comes this far."""
    long = line("0704.00001", abstract="a " * (MAX_LINE_BYTES // 2))
    parsed = Parser((), seed=0)(Block(1, line("0704.00000") + long + line("0704.00002")))
    assert parsed.refused == [(2, LINE_TOO_LONG, f"{len(long) - 1} bytes")]
    assert parsed.table["id"].to_pylist() == ["0704.00000", "0704.00002"]


def test_around_a_broken_line_the_others_are_still_read_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot with an odd line in every block would otherwise take twice as long."""
    at_once = 0
    read = lines.read

    def counted(*piece: Any) -> lines.Lines | None:
        nonlocal at_once
        found = read(*piece)
        at_once += 0 if found is None else int(found.plain.sum())
        return found

    monkeypatch.setattr(lines, "read", counted)
    Parser((), 0)(Block(1, b"".join(line(f"0704.{n:05d}") if n != 700 else b"{\n" for n in range(1000))))
    assert at_once >= 980


def test_no_more_blocks_are_read_than_can_be_worked_on() -> None:
    read = 0

    def counted() -> Iterator[Block]:
        nonlocal read
        for block in blocks(50, lines=1):
            read += 1
            yield block

    results = parse_all(counted(), Parser((), 0), processes=2)
    next(results)
    assert read <= 2 + 2
    results.close()  # type: ignore[attr-defined]


def test_a_worker_that_dies_is_an_error_and_not_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = parsing._Worker.__call__

    def killed(worker: parsing._Worker, block: Block) -> Parsed:
        worker._process.kill()
        worker._process.wait()
        return parse(worker, block)

    monkeypatch.setattr(parsing._Worker, "__call__", killed)
    with pytest.raises((RuntimeError, BrokenPipeError)):
        list(parse_all(blocks(9), Parser((), 0), processes=2))
