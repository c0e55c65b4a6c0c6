"""Many lines at once. If these fail, what becomes of a line depends on its neighbours, and a count is wrong unseen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import created, line, record
from strata import lines
from strata.papers import Paper, parse_line, to_table
from strata.parsing import Parser
from strata.sources.streams import Block

PLAIN = line("0704.0001")


def changed(**changes: Any) -> bytes:
    return json.dumps(record("0705.0002", **changes), ensure_ascii=False).encode()


def with_field(text: bytes) -> bytes:
    """A line with a field more, whose value is written so."""
    return PLAIN.rstrip()[:-1] + b', "more": ' + text + b"}"


ODD = {
    "not JSON": b"{broken",
    "blank": b"",
    "spaces": b"  ",
    "carriage return": PLAIN.rstrip() + b"\r",
    "space before": b" " + PLAIN.rstrip(),
    "two objects on a line": PLAIN.rstrip() * 2,
    "half an object": PLAIN[:99],
    "no object": b'["{}"]',
    "string with braces": b'"{}"',
    "empty object": b"{}",
    "id twice": b'{"id": "0704.0009", ' + PLAIN.rstrip()[1:],
    "id twice, once escaped": PLAIN.rstrip()[:-1] + b', "\\u0069d": "0704.0009"}',
    "unkept field twice": PLAIN.rstrip()[:-1] + b', "more": 1, "more": [2]}',
    "id a number": changed(id=704.0001),
    "id null": changed(id=None),
    "id of spaces": changed(id=" 0704.0001"),
    "id with newline": changed(id="0704.0001\n"),
    "id of other digits": changed(id="\u0660704.0001"),
    "id missing": changed(id=...),
    "title null": changed(title=None),
    "title a list": changed(title=["x"]),
    "title of strange spaces": changed(title="\u2003\x1c\x85"),
    "abstract of spaces": changed(abstract=" \n "),
    "abstract with NUL": changed(abstract="a\x00b"),
    "abstract with strange spaces": changed(abstract="a\u2003b\x1cc  d"),
    "comments an object": changed(comments={"x": 1}),
    "comments empty": changed(comments=""),
    "comments of spaces": changed(comments="  "),
    "comments missing": changed(comments=...),
    "categories empty": changed(categories=""),
    "categories bad": changed(categories="cs.CL 7"),
    "categories null": changed(categories=None),
    "categories with spaces": changed(categories=" cs.CL\tmath.NA "),
    "versions empty": changed(versions=[]),
    "versions null": changed(versions=None),
    "versions of null": changed(versions=[None]),
    "versions of numbers": changed(versions=[1]),
    "versions missing": changed(versions=...),
    "version 2 first": changed(
        versions=[{"version": "v2", "created": "Tue, 3 Apr 2007 00:00:00 GMT"}, *created("2 Apr 2007")]
    ),
    "version without name": changed(versions=[{"created": "Mon, 2 Apr 2007 19:18:42 GMT"}]),
    "date of February 30": changed(versions=created("30 Feb 2007")),
    "date without seconds": changed(versions=[{"version": "v1", "created": "Mon, 2 Apr 2007 19:18 GMT"}]),
    "date with two spaces": changed(versions=created("2  Apr 2007")),
    "date of 1492": changed(versions=created("2 Apr 1492")),
    "date a number": changed(versions=[{"version": "v1", "created": 1175541522}]),
    "lone surrogate": b'{"id": "\\ud800"}',
    "lone surrogate in an unkept field": with_field(b'"\\udc00"'),
    "surrogate pair": with_field(b'"\\ud83d\\ude00"'),
    "invalid UTF-8 in an unkept field": with_field(b'"\xff"'),
    "tab in a text": with_field(b'"\t"'),
    "not a number": with_field(b"NaN"),
    "infinity": with_field(b"[1,\t -Infinity]"),
    "short infinity": with_field(b"[ Inf]"),
    "words like infinity": changed(authors="NaN: Infinity, Inf [NaN"),
    "huge number": with_field(b"1e999"),
    "huge integer": with_field(b"9" * 40),
    "deep lists": with_field(b"[" * 1100 + b"]" * 1100),
    "deep objects": with_field(b'{"a":' * 1100 + b"1" + b"}" * 1100),
    "wide lists": with_field(b"[" + b"[1],[2]," * 600 + b"[]]"),
    "bad escape": with_field(b'"\\q"'),
    "leading zero": with_field(b"01"),
    "comma at the end": PLAIN.rstrip()[:-1] + b",}",
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.rstrip(),
}


def told(block: bytes, categories: tuple[str, ...] = ()) -> dict[int, object]:
    """What a block's lines become, by number."""
    parsed = Parser(categories, seed=0)(Block(1, block))
    rows = {row.pop("line"): row for row in parsed.table.to_pylist()}
    return rows | {number: (reason, detail) for number, reason, detail in parsed.refused}


def told_alone(texts: list[bytes]) -> dict[int, object]:
    """The same by ``parse_line`` of each."""
    found: dict[int, object] = {}
    for number, text in enumerate(texts, start=1):
        paper = parse_line(text)
        found[number] = to_table([paper]).to_pylist()[0] if isinstance(paper, Paper) else (paper.reason, paper.detail)
    return found


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("neighbours", [0, 1, 40])
def test_an_odd_line_among_plain_ones_is_what_it_is_alone(name: str, neighbours: int) -> None:
    plain = [PLAIN.rstrip()] * neighbours
    texts = [*plain, ODD[name], *plain]
    assert told(b"".join(text + b"\n" for text in texts)) == told_alone(texts)


def test_all_odd_lines_together_are_what_they_are_alone() -> None:
    texts = [*ODD.values()]
    assert told(b"\n".join(texts) + b"\n") == told_alone(texts)


def test_the_last_line_needs_no_newline() -> None:
    assert told(PLAIN + PLAIN.rstrip()) == told_alone([PLAIN, PLAIN])


@given(
    st.lists(
        st.tuples(st.sampled_from([PLAIN.rstrip(), *ODD.values()]), st.integers(0, 600), st.binary(max_size=3)),
        max_size=40,
    )
)
def test_damaged_lines_are_what_they_are_alone(damages: list[tuple[bytes, int, bytes]]) -> None:
    texts = [(text[:place] + dirt + text[place + len(dirt) :]).replace(b"\n", b" ") for text, place, dirt in damages]
    block = b"".join(text + b"\n" for text in texts)
    if block:
        assert told(block) == told_alone(texts)


def test_plain_lines_are_read_at_once() -> None:
    """If they were left to be read one by one, sharding 2.7 million papers would take twice as long."""
    data = b"".join(line(f"0704.{n:05d}", title=f"Title {n}") for n in range(100))
    found = lines.read(data, lines.ends_of(data), ())
    assert found is not None
    assert found.plain.all()


def test_only_papers_of_wanted_categories_are_kept_and_all_are_told() -> None:
    """The books need every paper's id to find repeats, also of papers that nobody asked for."""
    data = line("0704.0001", categories="cs.CL") + line("0704.0002", categories="math.NA") + line("bad")
    found = lines.read(data, lines.ends_of(data), ("cs",))
    assert found is not None
    assert found.plain.tolist() == [True, True, False]
    assert found.ids.to_pylist() == ["0704.0001", "0704.0002"]
    assert found.wanted.tolist() == [True, False]
    assert found.columns["id"].to_pylist() == ["0704.0001"]
