"""Generated snapshots, and how their records are read with the standard library alone."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from strata.synthetic import Truth, write_snapshot

LONG_LINE = 20_000  # short enough to be quick; the default is longer than any reader must accept
ID = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}")


def sound_records(snapshot: Path, truth: Truth) -> list[dict[str, Any]]:
    """The records of all lines that are not planted as bad, in the file's order."""
    bad = {line.line for line in truth.bad_lines}
    lines = snapshot.read_bytes().splitlines()
    return [json.loads(line) for number, line in enumerate(lines, start=1) if number not in bad]


def by_id(snapshot: Path, truth: Truth) -> dict[str, dict[str, Any]]:
    """The sound records by id, in the file's order."""
    return {record["id"]: record for record in sound_records(snapshot, truth)}


def day_of(record: dict[str, Any]) -> dt.date:
    return email.utils.parsedate_to_datetime(record["versions"][0]["created"]).date()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def small(folder: Path, **options: Any) -> Truth:
    return write_snapshot(folder, 600, long_line_bytes=LONG_LINE, **options)
