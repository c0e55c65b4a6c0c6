"""Found papers as a person or a program reads them: an aligned table, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from strata.similar import Similar

FORMATS = ("table", "json", "csv")
_TITLE_WIDTH = 80


def show(found: Sequence[Similar], form: str) -> str:
    """Return found papers as text in one of ``FORMATS``, without a final newline."""
    rows = [
        {
            "rank": paper.rank,
            "similarity": round(paper.similarity, 6),
            "id": paper.id,
            "date": paper.date.isoformat(),
            "primary": paper.primary,
            "title": paper.title,
            "url": paper.url,
        }
        for paper in found
    ]
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=2)
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, ["rank", "similarity", "id", "date", "primary", "title", "url"])
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().rstrip("\r\n")
    return _table(found)


def _table(found: Sequence[Similar]) -> str:
    ids, fields = (max([len(getattr(paper, name)) for paper in found], default=0) for name in ("id", "primary"))
    return "\n".join(
        f"{paper.rank:>3}  {paper.similarity:.4f}  {paper.id:<{ids}}  {paper.date}  {paper.primary:<{fields}}  "
        f"{_plain(paper.title)}"
        for paper in found
    )


def _plain(title: str) -> str:
    """A title without what could move a terminal's cursor, and no longer than a line."""
    seen = "".join(letter if letter.isprintable() else " " for letter in title)
    return seen if len(seen) <= _TITLE_WIDTH else seen[: _TITLE_WIDTH - 1].rstrip() + "…"
