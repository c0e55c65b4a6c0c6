"""Planted lines to refuse. If these fail, a parser that refuses the wrong lines is praised, and a right one blamed."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from generated import ID, LONG_LINE, day_of, small

from strata.papers import Refused, parse_line
from strata.synthetic import DEMO_NAME, Truth, write_snapshot

REASONS = {
    "not JSON",
    "not an object",
    "missing id",
    "bad id",
    "bad date",
    "missing title",
    "empty abstract",
    "bad categories",
    "invalid UTF-8",
    "superseded",
    "blank line",
    "line too long",
}


def reason_of(line: bytes, number: int, last_with: dict[str, int]) -> str | None:
    """Judge a line with the standard library alone."""
    if len(line) >= LONG_LINE - 1:
        return "line too long"
    if not line.strip():
        return "blank line"
    try:
        record = json.loads(line.decode())
    except UnicodeDecodeError:
        return "invalid UTF-8"
    except json.JSONDecodeError:
        return "not JSON"
    if not isinstance(record, dict):
        return "not an object"
    if not record.get("id"):
        return "missing id"
    if not isinstance(record["id"], str) or not ID.fullmatch(record["id"]):
        return "bad id"
    if not (record.get("title") or "").strip():
        return "missing title"
    if not (record["abstract"] or "").strip():
        return "empty abstract"
    if not re.fullmatch(r"[a-zA-Z.-]+( [a-zA-Z.-]+)*", record["categories"] or ""):
        return "bad categories"
    try:
        day_of(record)
    except (IndexError, ValueError):
        return "bad date"
    return "superseded" if last_with[record["id"]] != number else None


def test_every_bad_line_is_bad_for_the_reason_the_truth_gives(demo: Path, truth: Truth) -> None:
    """Otherwise a parser that refuses the wrong lines would be praised, and a right one blamed."""
    lines = (demo / DEMO_NAME).read_bytes().splitlines()
    last_with: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        found = re.search(rb'^\{"id": "([^"]+)"', line)
        if found and line.endswith(b"}"):
            last_with[found[1].decode()] = number
    reasons = {
        number: reason
        for number, line in enumerate(lines, start=1)
        if (reason := reason_of(line, number, last_with)) is not None
    }
    assert reasons == {bad.line: bad.reason for bad in truth.bad_lines}
    assert set(reasons.values()) == REASONS
    assert len(lines) == truth.lines == truth.papers + len(truth.bad_lines)
    assert 15 <= len(reasons) < 0.01 * len(lines)


def test_the_parser_refuses_exactly_the_planted_lines(demo: Path, truth: Truth) -> None:
    """Otherwise `make run` would report refusals that its own demo does not hold."""
    found = {}
    for number, line in enumerate((demo / DEMO_NAME).read_bytes().splitlines(), start=1):
        paper = parse_line(line)
        if isinstance(paper, Refused):
            found[number] = paper.reason
    by_reader = ("superseded", "line too long")
    assert found == {bad.line: bad.reason for bad in truth.bad_lines if bad.reason not in by_reader}


def test_small_snapshots_hold_every_reason_once(tmp_path: Path) -> None:
    """Otherwise quick tests would miss a way in which a line can be bad."""
    truth = small(tmp_path)
    assert Counter(bad.reason for bad in truth.bad_lines) == Counter(REASONS) + Counter({"not JSON": 1})


def test_the_last_line_breaks_off_unless_told_otherwise(tmp_path: Path) -> None:
    """Otherwise nobody would notice a reader that takes a broken download for a whole one."""
    truth = small(tmp_path / "cut")
    cut = (tmp_path / "cut" / DEMO_NAME).read_bytes()
    assert not cut.endswith(b"\n")
    assert (truth.bad_lines[-1].line, truth.bad_lines[-1].reason) == (truth.lines, "not JSON")
    whole = small(tmp_path / "whole", truncate_last_line=False)
    assert (tmp_path / "whole" / DEMO_NAME).read_bytes().endswith(b"}\n")
    assert whole.lines == truth.lines - 1
    clean = small(tmp_path / "clean", defects=False)
    assert clean.bad_lines == () and clean.lines == clean.papers == 600


def test_the_overlong_line_can_be_left_out_or_is_longer_than_16_mib(tmp_path: Path) -> None:
    """Otherwise the limit of the line reader would never be reached."""
    truth = write_snapshot(tmp_path, 200)
    longest = max((tmp_path / DEMO_NAME).read_bytes().splitlines(), key=len)
    assert len(longest) > 1 << 24
    assert "line too long" in {bad.reason for bad in truth.bad_lines}
    without = write_snapshot(tmp_path, 200, long_line_bytes=0)
    assert "line too long" not in {bad.reason for bad in without.bad_lines}
