"""Building lines of a snapshot for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ABSTRACT = (
    "We study the growth of crystals in thin films and show that the rate is set by the surface. The model has one "
    "free parameter, which we fit to new data, and it explains the anomalies that were reported before."
)


def record(paper_id: str = "0704.0001", **changes: Any) -> dict[str, Any]:
    """A valid record in Kaggle's schema, with some fields changed; a field set to ... is left out."""
    fields: dict[str, Any] = {
        "id": paper_id,
        "submitter": None,
        "authors": "A. Author",
        "title": "On the growth of crystals in thin films",
        "comments": "12 pages",
        "categories": "cond-mat.mtrl-sci physics.chem-ph",
        "abstract": ABSTRACT,
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
        "update_date": "2010-01-01",
    } | changes
    return {name: value for name, value in fields.items() if value is not ...}


def line(paper_id: str = "0704.0001", **changes: Any) -> bytes:
    """The same as a line of a snapshot."""
    return json.dumps(record(paper_id, **changes)).encode() + b"\n"


def created(day: str) -> list[dict[str, str]]:
    """Versions with version 1 on a day such as ``2 Apr 2007``."""
    return [{"version": "v1", "created": f"Mon, {day} 19:18:42 GMT"}]


def write(path: Path, *lines: bytes) -> Path:
    """A snapshot file of these lines."""
    path.write_bytes(b"".join(lines))
    return path
