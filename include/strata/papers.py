"""One arXiv record -> one paper; the Parquet schema; what is refused and why."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from strata.categories import home_of, split_categories
from strata.flags import flag_column
from strata.whitespace import collapse_column

# Part of every snapshot's name: raise it when a paper's fields or their meaning change, so that old shards are not
# taken for new ones.
SCHEMA_VERSION = 1

NOT_JSON = "not JSON"
NOT_OBJECT = "not an object"
MISSING_ID = "missing id"
BAD_ID = "bad id"
BAD_DATE = "bad date"
MISSING_TITLE = "missing title"
EMPTY_ABSTRACT = "empty abstract"
BAD_CATEGORIES = "bad categories"
INVALID_UTF8 = "invalid UTF-8"
SUPERSEDED = "superseded"
BLANK_LINE = "blank line"
LINE_TOO_LONG = "line too long"
TRUNCATED_ARCHIVE = "truncated archive"

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("abstract", pa.string(), nullable=False),
        pa.field("categories", pa.list_(pa.string()), nullable=False),
        pa.field("primary", pa.string(), nullable=False),
        pa.field("archive", pa.string(), nullable=False),
        pa.field("date", pa.date32(), nullable=False),
        pa.field("comments", pa.string()),
        pa.field("flags", pa.list_(pa.string()), nullable=False),
        pa.field("text_hash", pa.string(), nullable=False),
    ]
)

# Old ids are archive/yymmnnn, new ones yymm.nnnn or yymm.nnnnn. ASCII only: \d would take digits of any script.
ARXIV_ID = re.compile(r"[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/[0-9]{7}")
_EARLIEST_YEAR, _LATEST_YEAR = 1980, 2100
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}


class Paper(NamedTuple):
    """What one line says of a paper; ``to_table`` collapses the whitespace of its texts and finds the rest."""

    id: str
    title: str
    abstract: str
    categories: tuple[str, ...]
    primary: str
    archive: str
    date: dt.date
    comments: str | None


class Refused(NamedTuple):
    """Why a line is no paper: one of the reasons above, and what exactly was found."""

    reason: str
    detail: str


def text_of(title: str, abstract: str) -> str:
    """Return what is embedded: the title, a newline, the abstract."""
    return f"{title}\n{abstract}"


def hash_of(text: str) -> str:
    """Return the 128-bit BLAKE2b digest of an embedded text as 32 hex digits: a vector's identity beside its model."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def parse_line(line: bytes) -> Paper | Refused:
    """Turn one line of a snapshot into a paper, or say why it is none. Never raises for any input."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return _unreadable(line, str(error))
    if not isinstance(record, dict):
        return Refused(NOT_OBJECT, f"a JSON {type(record).__name__}")
    return parse_record(record)


def parse_record(record: dict[str, Any]) -> Paper | Refused:
    """Turn one decoded record (Kaggle's field names) into a paper, or say why it is none."""
    paper_id, title, abstract = record.get("id"), record.get("title"), record.get("abstract")
    if not isinstance(paper_id, str) or not ARXIV_ID.fullmatch(paper_id):
        return _bad_id(paper_id)
    if not _is_text(title):
        return Refused(MISSING_TITLE, paper_id)
    if not _is_text(abstract):
        return Refused(EMPTY_ABSTRACT, paper_id)
    listed, comments = record.get("categories"), record.get("comments")
    categories = split_categories(listed) if isinstance(listed, str) else None
    if categories is None:
        return Refused(BAD_CATEGORIES, f"{paper_id}: {listed!r:.60}")
    date = _first_submission(record.get("versions"))
    if isinstance(date, str):
        return Refused(BAD_DATE, f"{paper_id}: {date}")
    primary, archive = home_of(categories[0])
    return Paper(
        paper_id, title, abstract, categories, primary, archive, date, comments if isinstance(comments, str) else None
    )


def _bad_id(paper_id: object) -> Refused:
    if paper_id is None or paper_id == "":
        return Refused(MISSING_ID, "")
    if not isinstance(paper_id, str):
        # A number has lost its zeros (0704.0001 becomes 704.0001): it cannot be repaired with certainty.
        return Refused(BAD_ID, f"{paper_id!r:.60} is a {type(paper_id).__name__}, not a string")
    return Refused(BAD_ID, f"{paper_id!r:.60}")


def _is_text(value: object) -> TypeGuard[str]:
    """Whether this is a text that holds more than whitespace."""
    return isinstance(value, str) and value != "" and not value.isspace()


def to_table(papers: Sequence[Paper]) -> pa.Table:
    """Return papers as an Arrow table with ``SCHEMA``: texts collapsed, their hashes and flags found."""
    columns: list[Any] = list(zip(*papers, strict=True)) or [[] for _ in Paper._fields]
    arrays = {
        name: pa.array(column, SCHEMA.field(name).type) for name, column in zip(Paper._fields, columns, strict=True)
    }
    arrays |= {name: collapse_column(arrays[name]) for name in ("title", "abstract", "comments")}
    return complete(arrays)


def complete(columns: dict[str, pa.Array]) -> pa.Table:
    """Return an Arrow table with ``SCHEMA`` of papers whose texts are collapsed already: hashes and flags are found.

    Args:
        columns: a column for each field of ``Paper``.
    """
    # Comments of nothing but spaces are no comments.
    comments = pc.if_else(pc.equal(columns["comments"], ""), None, columns["comments"])
    title, abstract = columns["title"], columns["abstract"]
    found = {
        "comments": comments,
        "text_hash": _hash_column(title, abstract),
        "flags": flag_column(title, abstract, comments, columns["archive"]),
    }
    return pa.Table.from_arrays([(columns | found)[name] for name in SCHEMA.names], schema=SCHEMA)


def _hash_column(titles: pa.StringArray, abstracts: pa.StringArray) -> pa.StringArray:
    """Return ``hash_of(text_of(title, abstract))`` of every row, without making a Python string of any text."""
    if not len(titles):
        return pa.array([], pa.string())
    texts = pc.binary_join_element_wise(titles, abstracts, "\n")
    ends = np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1].tolist()
    data = memoryview(texts.buffers()[2])
    digests = b"".join(
        [hashlib.blake2b(data[start:end], digest_size=16).digest() for start, end in itertools.pairwise(ends)]
    )
    places = np.arange(0, 32 * len(texts) + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(places), pa.py_buffer(digests.hex().encode()))


def in_order(table: pa.Table) -> pa.Table:
    """Return papers in the order of the corpus: by first submission, then id."""
    return table.take(pc.sort_indices(table, [("date", "ascending"), ("id", "ascending")]))


def _unreadable(line: bytes, problem: str) -> Refused:
    if not line.strip():
        return Refused(BLANK_LINE, "")
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return Refused(INVALID_UTF8, f"byte {error.start} of the line: {error.reason}")
    return Refused(NOT_JSON, problem)


def _first_submission(versions: object) -> dt.date | str:
    """Return the date of version 1, or what is wrong with it."""
    if not isinstance(versions, list) or not versions:
        return "no versions"
    first = versions[0]
    if isinstance(first, dict) and first.get("version") != "v1":
        named = [v for v in versions if isinstance(v, dict) and v.get("version") == "v1"]
        first = named[0] if named else None
    if not isinstance(first, dict):
        return "no version v1"
    created = first.get("created")
    if not isinstance(created, str):
        return f"created is {created!r:.60}"
    return parse_date(created) or f"created is {created!r:.60}"


def parse_date(created: str) -> dt.date | None:
    """Read the day of arXiv's ``Mon, 2 Apr 2007 19:18:42 GMT``; None if it is no such date.

    A hand-written reader because the standard one (``email.utils``) takes as long as the rest of the record, and
    accepts dates that arXiv never writes.
    """
    parts = created.rsplit(None, 2)
    return _parse_day(parts[0]) if len(parts) == 3 and parts[2] == "GMT" else None


@lru_cache(maxsize=65536)
def _parse_day(text: str) -> dt.date | None:
    """Read ``Mon, 2 Apr 2007``. Papers of one day lie together in a snapshot, so nearly every call is a repeat."""
    parts = text.split()
    if len(parts) != 4 or not parts[0].endswith(","):
        return None
    day, month, year = parts[1], _MONTHS.get(parts[2]), parts[3]
    if month is None or not (day.isascii() and day.isdigit() and year.isascii() and year.isdigit()):
        return None
    if not _EARLIEST_YEAR <= int(year[:5]) <= _LATEST_YEAR:
        return None
    try:
        return dt.date(int(year), month, int(day[:3]))
    except ValueError:
        return None
