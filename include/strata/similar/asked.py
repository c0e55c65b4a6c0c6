"""What a person writes for a paper -> its id; and for an id that no paper has, the nearest one that some paper has."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from strata.papers import ARXIV_ID

_PLACE = re.compile(r"(?:https?://)?(?:[a-z0-9-]+\.)*ar(?:x|5)iv\.org/[a-z-]+/(?P<rest>.+)", re.IGNORECASE)
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/(?P<rest>arxiv\..+)", re.IGNORECASE)
_PREFIX = re.compile(r"arxiv[:.]\s*", re.IGNORECASE)
_END = re.compile(r"(?:[?#].*)?$")
_VERSION = re.compile(r"(?:v[0-9]+)?(?:\.pdf)?/?$", re.IGNORECASE)
_CLASS = re.compile(r"([A-Za-z-]+)\.[A-Za-z]{2}(/[0-9]{7})")
_LONGEST = 200
_ALIKE = 0.6


def read_id(text: str) -> str:
    """Return the id in what a person wrote: new and old ids, with or without version, prefix, abs or pdf URL, DOI.

    ``https://arxiv.org/pdf/1706.03762v5.pdf`` is ``1706.03762``, ``math.GT/0309136v1`` is ``math/0309136``, the form
    that arXiv's metadata has. What is no id comes back as it is, stripped.
    """
    bare = text.strip()[:_LONGEST]
    for wrapping in (_PLACE, _DOI):
        found = wrapping.fullmatch(bare)
        bare = found["rest"] if found else bare
    bare = _VERSION.sub("", _END.sub("", bare))
    prefix = _PREFIX.match(bare)
    bare = bare[prefix.end() :] if prefix else bare
    return _CLASS.sub(r"\1\2", bare).lower() if "/" in bare else bare


def nearest_id(asked: str, ids: pa.Array) -> str | None:
    """Return the id that is most likely meant by one that no paper has; None if nothing is near.

    Args:
        asked: as ``read_id`` returned it.
        ids: of all papers.
    """
    for candidate in _repaired(asked):
        if pc.any(pc.equal(ids, candidate)).as_py():
            return candidate
    number = re.fullmatch(r"(?:[A-Za-z.-]*[/ ]?)([0-9]{7})", asked)
    if number:
        same = ids.filter(pc.ends_with(ids, "/" + number[1])).to_pylist()
        found = difflib.get_close_matches(asked, same, 1, 0.0)
        if found:
            return str(found[0])
    near = ids.filter(pc.starts_with(ids, asked[:5])).to_pylist() if len(asked) >= 5 else []
    found = difflib.get_close_matches(asked, near, 1, _ALIKE)
    return str(found[0]) if found else None


def _repaired(asked: str) -> Iterable[str]:
    """What may have been meant: zeros that a spreadsheet ate, a point or slash left out, digits of the other length."""
    digits = re.fullmatch(r"([0-9]{3,4})[.:,/ ]?([0-9]{1,6})", asked)
    if digits:
        month = digits[1].zfill(4)
        for length in (5, 4):
            yield f"{month}.{digits[2].zfill(length)}"
            yield f"{month}.{digits[2].ljust(length, '0')}"
            yield f"{month}.{digits[2].lstrip('0').zfill(length)}"
    run = re.fullmatch(r"[0-9]{8,9}", asked)
    if run:
        yield f"{asked[:4]}.{asked[4:]}"
    joined = re.fullmatch(r"([A-Za-z-]+)[ :.]?([0-9]{7})", asked)
    if joined:
        yield f"{joined[1].lower()}/{joined[2]}"


def explain(asked: str, ids: pa.Array, month: str) -> str:
    """Return a sentence that says why an id is not found, and what may be meant instead."""
    near = nearest_id(asked, ids)
    meant = f" Did you mean {near}?" if near else ""
    if not ARXIV_ID.fullmatch(asked):
        return f"{asked!r} is no arXiv id such as 1706.03762 or hep-th/9711200.{meant}"
    submitted = _month_of(asked)
    if submitted and submitted > month:
        return f"{asked} is of {submitted}; the record shows arXiv as it was at the end of {month}.{meant}"
    return f"{asked} is not among the papers of {month}: refused, not selected, or of another number.{meant}"


def _month_of(paper_id: str) -> str | None:
    """The month that an id's number tells, such as 2017-06; None if it is no month."""
    number = paper_id.rpartition("/")[2]
    year, month = int(number[:2]), int(number[2:4])
    century = 1900 if "/" in paper_id and year > 90 else 2000
    return f"{century + year}-{month:02d}" if 1 <= month <= 12 else None
