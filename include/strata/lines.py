"""Thousands of lines at once: Arrow reads their JSON into columns, and the columns are checked as columns.

``papers.parse_line`` says what a line is. Of a line that is in any way out of the ordinary nothing is said here: it is
left to ``parse_line``, and a piece that Arrow does not take at all is left whole. So this is never a second opinion,
only the same one sooner: Arrow reads JSON about as fast as the fastest parser by line, and no line costs Python a call.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from strata.categories import chosen, home_of, split_categories
from strata.papers import ARXIV_ID, parse_date
from strata.sources.streams import MAX_LINE_BYTES
from strata.whitespace import collapse_column

Mask = npt.NDArray[np.bool_]

_VERSIONS = pa.list_(pa.struct([("version", pa.string()), ("created", pa.string())]))
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "title", "abstract", "categories", "comments")] + [("versions", _VERSIONS)]
)
_OPTIONS = pyarrow.json.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore")
_PLAIN_ID = rf"\A(?:{ARXIV_ID.pattern})\z"
_PLAIN_TIME = r"\A[A-Z][a-z][a-z], [0-9]{1,2} [A-Z][a-z][a-z] [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT\z"
_TIME_OF_DAY = len(" 19:18:42 GMT")
# orjson refuses a line that nests deeper; Arrow reads any depth.
_DEEPEST = 1024


class Lines(NamedTuple):
    """What the plain lines of a piece say, and which lines those are."""

    plain: Mask  # of every line, whether it is told here
    ids: pa.StringArray  # of the plain lines
    wanted: Mask  # of the plain lines, whether the categories are among those wanted
    columns: dict[str, pa.Array]  # of the plain and wanted lines: ``papers.Paper``'s fields, whitespace collapsed


def ends_of(data: bytes) -> npt.NDArray[np.int64]:
    """Return where each line of a piece ends: the place of its newline, or of the piece's end for the last."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    return ends if data.endswith(b"\n") else np.append(ends, len(data))


def read(data: bytes, ends: npt.NDArray[np.int64], categories: tuple[str, ...]) -> Lines | None:
    """Read a piece of whole lines.

    Args:
        data: at least one line.
        ends: of its lines, see ``ends_of``.
        categories: those wanted; none means all.

    Returns:
        What its plain lines say, or None if Arrow cannot read the piece: something in it is broken, or of an
        unexpected type, or not one object a line.
    """
    table = _table(data, ends)
    if table is None:
        return None
    column = {name: table[name].combine_chunks() for name in _SCHEMA.names}
    texts = {name: collapse_column(column[name]) for name in ("title", "abstract", "comments")}
    listed, places = _categories(column["categories"], categories)
    days, written = _days(column["versions"])
    conditions = [
        pc.match_substring_regex(column["id"], _PLAIN_ID),
        pc.not_equal(texts["title"], ""),
        pc.not_equal(texts["abstract"], ""),
        pc.is_valid(listed["categories"]).take(places),
        pc.is_valid(days).take(written),
    ]
    plain = ~_odd(data, ends)
    for condition in conditions:
        plain &= pc.fill_null(condition, False).to_numpy(zero_copy_only=False)
    wanted = plain & pc.fill_null(listed["wanted"].take(places), False).to_numpy(zero_copy_only=False)
    columns = {"id": column["id"], **texts, "date": written, "categories": places}
    ids = column["id"]
    if not wanted.all():  # rarely so, and texts are dear to copy
        ids = ids.filter(pa.array(plain))
        columns = {name: values.filter(pa.array(wanted)) for name, values in columns.items()}
    places = columns.pop("categories")
    columns |= {name: listed[name].take(places) for name in ("categories", "primary", "archive")}
    columns["date"] = days.take(columns["date"])
    return Lines(plain, ids, wanted[plain], columns)


def _table(data: bytes, ends: npt.NDArray[np.int64]) -> pa.Table | None:
    """Return the piece as Arrow reads it, a row a line; None if it cannot."""
    signs = np.frombuffer(data, np.uint8)
    starts = np.append(0, ends[:-1] + 1)
    # Arrow takes any sequence of values, on however many lines. If each line begins and ends as an object does, no
    # value goes over a line's end, and as many values as lines are one a line.
    if (starts == ends).any() or (signs[starts] != ord("{")).any() or (signs[ends - 1] != ord("}")).any():
        return None
    if not _is_utf8(data):
        return None  # Arrow looks only at the fields that it keeps
    options = pyarrow.json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    try:
        table = pyarrow.json.read_json(pa.BufferReader(data), read_options=options, parse_options=_OPTIONS)
    except pa.ArrowInvalid:
        return None
    return table if len(table) == len(ends) else None


def _is_utf8(data: bytes) -> bool:
    offsets = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(data)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _odd(data: bytes, ends: npt.NDArray[np.int64]) -> Mask:
    """Whether each line is too long, or has in a field not kept what Arrow lets pass and ``parse_line`` may refuse."""
    starts = np.append(0, ends[:-1] + 1)
    odd: Mask = ends - starts > MAX_LINE_BYTES
    # Who nests so deep opens and closes as often: few lines are long enough.
    for row in np.flatnonzero(~odd & (ends - starts >= 2 * _DEEPEST)).tolist():
        start, end = starts[row], ends[row]
        odd[row] = data.count(b"[", start, end) + data.count(b"{", start, end) >= _DEEPEST
    signs = np.frombuffer(data, np.uint8)
    for word in (b"NaN", b"Inf"):  # JSON has no such numbers
        for place in _places_of(word, signs).tolist():
            if data[max(0, place - 20) : place].rstrip()[-1:] in b":,[-":
                odd[np.searchsorted(ends, place)] = True
    return odd


def _places_of(word: bytes, signs: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return where a word begins, if its first letter is a rare one in less than half of ``bytes.find``'s time."""
    places = np.flatnonzero(signs[: max(0, len(signs) - len(word) + 1)] == word[0])
    for number, letter in enumerate(word):
        places = places[signs[places + number] == letter]
    return places


def _categories(column: pa.StringArray, wanted: tuple[str, ...]) -> tuple[dict[str, pa.Array], pa.Array]:
    """Return what each distinct list of categories means (null if it is none), and which of them each line has."""
    distinct = column.dictionary_encode()
    meanings = [_meaning(text, wanted) for text in distinct.dictionary.to_pylist()]
    lists, primaries, archives, fits = zip(*meanings, strict=True) if meanings else ((), (), (), ())
    meaning = {
        "categories": pa.array(lists, pa.list_(pa.string())),
        "primary": pa.array(primaries, pa.string()),
        "archive": pa.array(archives, pa.string()),
        "wanted": pa.array(fits, pa.bool_()),
    }
    return meaning, distinct.indices


# The same lists of categories come again in every block: 124,099 real papers have 18,257 different ones.
@lru_cache(maxsize=2**17)
def _meaning(listed: str, wanted: tuple[str, ...]) -> tuple[tuple[str, ...] | None, str | None, str | None, bool]:
    """Return a list's categories, the primary one and its archive (all None if it is none), and if it is wanted."""
    names = split_categories(listed)
    if names is None:
        return None, None, None, False
    return names, *home_of(names[0]), chosen(names, wanted)


def _days(versions: pa.ListArray) -> tuple[pa.Array, pa.Array]:
    """Return the distinct days of first submission (null if it is none), and which of them each line has."""
    first = pc.if_else(pc.greater(pc.list_value_length(versions), 0), versions.offsets[:-1], None)
    created = versions.values.field("created").take(first)
    plain = pc.and_(
        pc.equal(versions.values.field("version").take(first), "v1"), pc.match_substring_regex(created, _PLAIN_TIME)
    )
    day = pc.utf8_slice_codeunits(pc.if_else(plain, created, None), 0, -_TIME_OF_DAY).dictionary_encode()
    days: list[dt.date | None] = [parse_date(f"{text} 00:00:00 GMT") for text in day.dictionary.to_pylist()]
    return pa.array(days, pa.date32()), day.indices


def piece_of(data: bytes, ends: npt.NDArray[np.int64], row: int) -> bytes:
    """Return one line of a piece, without its newline."""
    return data[0 if row == 0 else int(ends[row - 1]) + 1 : int(ends[row])]
