"""One sketch -> one record in the schema of Kaggle's arXiv snapshot."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from strata.synthetic import oddities, people
from strata.synthetic.calendar import stamp
from strata.synthetic.draws import below, between, chance, stream
from strata.synthetic.fields import archive, listed
from strata.synthetic.loners import LONERS
from strata.synthetic.oddities import FALSE_FRIENDS, FOREIGN
from strata.synthetic.prose import Text, sequel_text, topic_text
from strata.synthetic.sketches import Sketch
from strata.synthetic.vocabulary import VOCABULARIES

Record = dict[str, Any]

_NEW_IDS = dt.datetime(2007, 4, 1)
_FIVE_DIGITS = dt.datetime(2015, 1, 1)
_OLD_IDS_A_MONTH = 999
_LICENSE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
_WIDTH = 76
# What an author changes when the same paper is submitted anew.
_EDITS = ((" We ", " Here we "), ("Here, we ", "We "), (" is ", " is indeed "), (" of the ", " of this "))
_PARTS = (
    "In this first part we set out the general case.",
    "In this second part we turn to the remaining cases.",
)


def categories_of(sketch: Sketch, seed: int) -> str:
    """Return the listed categories of a paper, as they were called when it was submitted."""
    rng = stream(seed, "categories", sketch.kind, sketch.subject, sketch.serial)
    day = sketch.moment.date()
    if sketch.kind == "loner":
        return listed(LONERS[int(sketch.subject)].categories.split(), day, rng)
    if sketch.kind == "non-English":
        return listed(("physics.gen-ph",), day, rng)
    return listed(VOCABULARIES[sketch.subject].categories, day, rng)


def ids_of(sketches: Sequence[Sketch], categories: Sequence[str]) -> list[str]:
    """Give papers their ids, in order of submission: ``hep-th/9711200``, ``0704.0001``, ``1501.00001``."""
    taken: Counter[str] = Counter()
    ids = []
    for sketch, listed_categories in zip(sketches, categories, strict=True):
        month = f"{sketch.moment:%y%m}"
        if sketch.moment >= _NEW_IDS:
            taken[month] += 1
            digits = 5 if sketch.moment >= _FIVE_DIGITS else 4
            ids.append(f"{month}.{taken[month]:0{digits}d}")
            continue
        old = archive(listed_categories.split()[0])
        taken[f"{old}/{month}"] += 1
        # The old scheme has room for 999 a month; larger generated archives borrow the form of subject classes.
        overflow, place = divmod(taken[f"{old}/{month}"] - 1, _OLD_IDS_A_MONTH)
        letters = f".{chr(64 + (overflow + 25) // 26)}{chr(65 + (overflow - 1) % 26)}" if overflow else ""
        ids.append(f"{old}{letters}/{month}{place + 1:03d}")
    return ids


def record_of(sketch: Sketch, paper_id: str, categories: str, seed: int, end: dt.date) -> Record:
    """Write the record of one paper; later versions are dated before ``end``."""
    rng = stream(seed, "record", sketch.kind, sketch.subject, sketch.serial)
    text = text_of(sketch, seed)
    names = people.authors_of(_community(sketch), seed, sketch.serial)
    versions = _versions(sketch.moment, end, rng)
    published = chance(rng, 0.5)
    year = sketch.moment.year + 1
    return {
        "id": paper_id,
        "submitter": f"{names[0][0]} {names[0][2]}",
        "authors": people.in_one_line(names),
        "title": _wrapped(text.title, "\n  "),
        "comments": _comments(sketch, rng),
        "journal-ref": f"Ann. Invented Res. {year - 1960} ({year}) {1 + below(rng, 900)}" if published else None,
        "doi": f"10.5555/{paper_id.replace('/', '.')}" if published else None,
        "report-no": f"INV-{year}-{1 + below(rng, 99):02d}" if chance(rng, 0.05) else None,
        "categories": categories,
        "license": _LICENSE if sketch.moment >= _FIVE_DIGITS or chance(rng, 0.3) else None,
        "abstract": f"  {_wrapped(text.abstract, chr(10))}\n",
        "versions": [{"version": f"v{place}", "created": stamp(day)} for place, day in enumerate(versions, start=1)],
        "update_date": _updated(versions[-1].date(), end, rng),
        "authors_parsed": people.parsed(names),
    }


def text_of(sketch: Sketch, seed: int) -> Text:
    """Write the title and abstract of one paper."""
    if sketch.kind == "loner":
        loner = LONERS[int(sketch.subject)]
        return Text(loner.title, loner.abstract)
    if sketch.kind == "non-English":
        return FOREIGN[int(sketch.subject)]
    plain = topic_text(sketch.subject, seed, sketch.serial)
    rng = stream(seed, "oddity", sketch.kind, sketch.subject, sketch.serial)
    made = _junk_text(sketch, plain, rng)
    return _variant(sketch, plain, seed) if made is None else made


def encoded(record: Record) -> bytes:
    """Return a record as one line of the snapshot, ASCII with escapes as Kaggle writes it."""
    return json.dumps(record).encode() + b"\n"


def _junk_text(sketch: Sketch, plain: Text, rng: Random) -> Text | None:
    subject = sketch.subject
    if sketch.kind == "withdrawn in abstract":
        return Text(plain.title, oddities.withdrawn_abstract(rng))
    if sketch.kind == "erratum":
        return oddities.erratum(plain, subject, rng)
    if sketch.kind == "comment":
        return oddities.comment(plain, subject, rng)
    if sketch.kind == "front matter":
        return oddities.front_matter(plain, subject, sketch.moment.year, sketch.serial, rng)
    if sketch.kind == "too short":
        return Text(plain.title, oddities.too_short(rng))
    if sketch.kind == "short":
        return oddities.short(plain, rng)
    return None


def _variant(sketch: Sketch, plain: Text, seed: int) -> Text:
    """Return the text of a paper made from another, or the plain text."""
    if sketch.kind == "edited":
        return Text(plain.title, _edited(plain.abstract))
    if sketch.kind in ("part I", "part II"):
        part = sketch.kind.removeprefix("part ")
        whole = sequel_text(sketch.subject, seed, sketch.serial) if part == "II" else plain
        return Text(f"{plain.title}. {part}", f"{whole.abstract} {_PARTS[len(part) - 1]}")
    if sketch.kind == "false friend":
        friend = next(friend for friend in FALSE_FRIENDS if friend.topic == sketch.subject)
        title = f"{friend.title} {plain.title[:1].lower()}{plain.title[1:]}" if friend.title else plain.title
        return Text(title, f"{plain.abstract} {friend.sentence}".strip())
    return plain


def _edited(abstract: str) -> str:
    for before, after in _EDITS:
        if before in abstract:
            return abstract.replace(before, after, 1)
    return f"{abstract} Minor points are added."


def _community(sketch: Sketch) -> str:
    """Name the people among whom the authors are: papers made from one another are by the same."""
    if sketch.kind == "loner":
        return LONERS[int(sketch.subject)].subject
    return f"{sketch.kind} {sketch.subject}" if sketch.by_hand else sketch.subject


def _comments(sketch: Sketch, rng: Random) -> str | None:
    if sketch.kind == "withdrawn in comments":
        return oddities.withdrawn_comment(rng)
    if chance(rng, 0.3):
        return None
    pages, figures = 4 + below(rng, 40), below(rng, 15)
    return f"{pages} pages, {figures} figures" if figures else f"{pages} pages"


def _versions(first: dt.datetime, end: dt.date, rng: Random) -> list[dt.datetime]:
    """Return the moments of a paper's one to three versions, each after the one before."""
    moments = [first]
    while len(moments) < 3 and chance(rng, 0.35):
        later = moments[-1] + dt.timedelta(seconds=int(86_400 * between(rng, 3, 300)))
        if later.date() >= end:
            break
        moments.append(later)
    return moments


def _updated(last_version: dt.date, end: dt.date, rng: Random) -> str:
    """Return the update date: arXiv has more than once touched the metadata of all its older papers."""
    bulk = dt.date(2009, 11, 30) if chance(rng, 0.5) else dt.date(2007, 5, 23)
    return max(last_version, bulk).isoformat() if bulk < end and chance(rng, 0.4) else last_version.isoformat()


def _wrapped(text: str, newline: str) -> str:
    """Break a text into lines as arXiv does, none shorter than it must be."""
    lines: list[list[str]] = [[]]
    length = 0
    for word in text.split(" "):
        if length and length + 1 + len(word) > _WIDTH:
            lines.append([])
            length = 0
        lines[-1].append(word)
        length += len(word) + 1
    return newline.join(" ".join(line) for line in lines)
