"""Lines that are no papers, one or a few for each reason to refuse them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from strata.synthetic.draws import below, stream
from strata.synthetic.records import Record, encoded

LONG_LINE_BYTES = (1 << 24) + 1024  # just longer than a reader of the real snapshot needs to accept
FEW = 2_000  # with fewer papers each reason is planted once


@dataclass(frozen=True)
class Defect:
    """A refused line: the reason, and how to make it from the record of a sound paper."""

    reason: str
    line: Callable[[Record], bytes]


def _with(**changes: object) -> Callable[[Record], bytes]:
    return lambda record: encoded({**record, **changes})


def _without(field: str) -> Callable[[Record], bytes]:
    return lambda record: encoded({name: value for name, value in record.items() if name != field})


def _undated(record: Record) -> bytes:
    return encoded({**record, "versions": [{"version": "v1", "created": "Mon, 31 Feb 2008 25:00:00 GMT"}]})


def _latin_1(record: Record) -> bytes:
    """A text saved in Latin-1: one byte that no UTF-8 text holds there."""
    return encoded(record).replace(b'"abstract": "', b'"abstract": "R\xe9sum\xe9 ')


def _cut(record: Record) -> bytes:
    line = encoded(record)
    return line[: len(line) // 2] + b"\n"


SUPERSEDED, TOO_LONG, TRUNCATED = "superseded", "line too long", "not JSON"
_ONCE = (
    Defect("not an object", lambda record: json.dumps([record["id"], record["title"]]).encode() + b"\n"),
    Defect("missing id", _without("id")),
    Defect("bad id", _with(id=704.0001)),  # a number: its zeros are lost
    Defect("bad date", _undated),
    Defect("missing title", _with(title="\n  ")),
    Defect("empty abstract", _with(abstract="  \n")),
    Defect("bad categories", _with(categories=None)),
    Defect("invalid UTF-8", _latin_1),
    Defect("blank line", lambda record: b"\n"),
    Defect("not JSON", _cut),
)
_MORE = (
    Defect("not JSON", lambda record: f"{record}\n".encode("ascii", "replace")),  # Python's own notation
    Defect("missing id", _with(id=None)),
    Defect("bad id", _with(id="0704/0001v1")),
    Defect("bad date", _with(versions=[])),
    Defect("empty abstract", _with(abstract=None)),
    Defect("bad categories", _with(categories="cs.LG and others!")),
)
_SUPERSEDED_ONCE, _SUPERSEDED_MORE = 1, 3


@dataclass(frozen=True)
class Insertion:
    """A defect to be written before the paper at ``place`` of the file; ``of`` is the place of the paper it spoils."""

    place: int
    of: int
    defect: Defect


def insertions(papers: int, seed: int, long_line_bytes: int) -> list[Insertion]:
    """Scatter the defects over a file of so many papers, ordered by place."""
    rng = stream(seed, "defects")
    defects = [*_ONCE, *(_MORE if papers >= FEW else ())]
    if long_line_bytes:
        defects.append(Defect(TOO_LONG, lambda record: _padded(record, long_line_bytes)))
    found = [Insertion(below(rng, papers), below(rng, papers), defect) for defect in defects]
    for number in range(_SUPERSEDED_MORE if papers >= FEW else _SUPERSEDED_ONCE):
        of = below(rng, papers)
        # The first of them right before the paper that replaces it, the others anywhere earlier.
        found.append(Insertion(of if number == 0 else below(rng, of + 1), of, Defect(SUPERSEDED, _earlier)))
    return sorted(found, key=lambda insertion: insertion.place)


def truncated(record: Record) -> bytes:
    """Return the file's last line as a broken download leaves it: cut inside a string, without a newline."""
    line = encoded(record)
    return line[: line.index(b'"abstract": "') + 60]


def spare_id(paper_id: str, number: int) -> str:
    """Return an id of the same month as a paper's, from the end of its range, where no paper is."""
    head, digits = paper_id[:5], paper_id[5:]
    if "/" in paper_id:
        head, digits = paper_id[:-3], paper_id[-3:]
    return f"{head}{10 ** len(digits) - 1 - number}"


def _earlier(record: Record) -> bytes:
    """The same paper with the abstract of an earlier version."""
    return encoded({**record, "abstract": f"  Preliminary version. {record['abstract'].strip()}\n"})


def _padded(record: Record, size: int) -> bytes:
    line = encoded(record)
    return line.replace(b'"abstract": "', b'"abstract": "' + b" " * max(0, size - len(line)))
