"""What the runs on Celery are given, and what they must end with."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from records import created, line
from strata.storage import Storage
from strata.verify import verify

MONTH = "2012-01"
# Where the scheduled run looks for its snapshot; nothing is there at first.
LATE = "s3://fossils/late/arxiv.jsonl"
SHARDS, SHARD_SIZE = 12, 20
WORDS = "crystal film growth rate surface model neural network graph proof bound prime field lattice quantum".split()


def snapshot(years: range = range(2001, 2013)) -> bytes:
    """Papers of some years, twenty a year, all of its January."""
    lines = []
    for year in years:
        for n in range(20):
            text = " ".join(WORDS[(n * step + year) % len(WORDS)] for step in range(1, 40))
            category = ("cs.LG", "math.NA", "hep-th")[n % 3]
            title, abstract = f"On {WORDS[n % 15]} in {year}, part {n}", f"We show that the {text}."
            fields = {"title": title, "abstract": abstract, "categories": category}
            lines.append(line(f"{year % 100:02d}01.{n:05d}", **fields, versions=created(f"{n + 1} Jan {year}")))
    return b"".join(lines)


def assert_same(root: Storage, undisturbed: Path) -> None:
    """The record is LocalExecutor's, its tables byte for byte, and the root keeps every promise."""
    found = {entry.path.rpartition("/")[2]: root.read(entry.path) for entry in root.list(f"records/{MONTH}")}
    assert set(found) == {file.name for file in undisturbed.iterdir()}
    tables = sorted(undisturbed.glob("*.parquet"))
    assert len(pq.read_table(undisturbed / "papers.parquet")) == SHARDS * SHARD_SIZE and len(tables) >= 6
    for file in tables:
        assert found[file.name] == file.read_bytes(), f"{file.name} differs from LocalExecutor's"
    assert list(verify(root)) == []
