"""The weekly mirror of arXiv's snapshot on the Hugging Face hub: the newest, or as it was on a day.

The hub keeps every earlier state as a commit, so true old snapshots can be had back to October 2023. Its Parquet files
become one file of JSON lines, as all other sources are. ``HF_ENDPOINT`` and ``HF_TOKEN`` are the hub's own settings.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pyarrow.parquet as pq
import zstandard

from strata.errors import BadSnapshot
from strata.sources.download import Expected, client, download, get_json

log = logging.getLogger(__name__)

FILE = "arxiv-metadata-snapshot.jsonl.zst"
# The dataset's text is changed by other commits as well; only these bring data.
_UPLOAD = "upload dataset"
_COLUMNS = ("id", "submitter", "authors", "title", "comments", "journal-ref", "doi", "report-no", "categories",
            "license", "abstract", "versions", "update_date")  # fmt: skip


@dataclass(frozen=True)
class Commit:
    """One state of the dataset."""

    sha: str
    date: dt.datetime


def newest_commit(until: dt.date | None = None) -> Commit:
    """Return the last state of the data, or the last one on or before a day.

    Raises:
        BadSnapshot: there is none that early.
    """
    seen = None
    with client(_login()) as http:
        for entry in _pages(http, f"{_hub()}/api/datasets/{_dataset()}/commits/main"):
            commit = Commit(entry["id"], dt.datetime.fromisoformat(entry["date"].replace("Z", "+00:00")))
            if not entry["title"].lower().startswith(_UPLOAD):
                continue
            if until is None or commit.date.date() <= until:
                return commit
            seen = commit
    reach = f"its first is of {seen.date:%Y-%m-%d}" if seen else "it has none at all"
    raise BadSnapshot(f"{_dataset()} has no snapshot on or before {until}: {reach}")


def fetch(commit: Commit, folder: Path) -> Path:
    """Download a state's files one after another and write them as JSON lines; the same bytes for the same state."""
    target = folder / FILE
    with client(_login()) as http, target.open("wb") as raw, zstandard.ZstdCompressor(3).stream_writer(raw) as out:
        for path, expected in _files(http, commit):
            part = folder / path.replace("/", "-")
            download(http, f"{_hub()}/datasets/{_dataset()}/resolve/{commit.sha}/{path}", part, expected)
            for lines in _json_lines(part):
                out.write(lines)
            part.unlink()
    return target


def _files(http: httpx.Client, commit: Commit) -> list[tuple[str, Expected]]:
    listed = list(_pages(http, f"{_hub()}/api/datasets/{_dataset()}/tree/{commit.sha}/data"))
    found = {}
    for entry in listed:
        if entry["path"].endswith(".parquet"):
            # Large files carry the SHA-256 of their contents; oid alone is git's own digest.
            found[entry["path"]] = Expected(entry["size"], entry.get("lfs", {}).get("oid"))
    if not found:
        raise BadSnapshot(f"{_dataset()} at {commit.sha} has no Parquet file in data/")
    return sorted(found.items())


def _json_lines(file: Path) -> Iterator[bytes]:
    parquet = pq.ParquetFile(file)
    columns = [name for name in _COLUMNS if name in parquet.schema_arrow.names]
    for batch in parquet.iter_batches(2_000, columns=columns):
        yield b"".join(orjson.dumps(_plain(row), option=orjson.OPT_APPEND_NEWLINE) for row in batch.to_pylist())


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Write a record as arXiv does: its date is a day in words, not a point in time."""
    date = row.get("update_date")
    if isinstance(date, dt.datetime):
        date = date.date()
    return row | {"update_date": date.isoformat() if isinstance(date, dt.date) else date}


def _pages(http: httpx.Client, url: str) -> Iterator[dict[str, Any]]:
    while url:
        entries, response = get_json(http, url)
        if not isinstance(entries, list):
            raise BadSnapshot(f"{url} answers something else than a list: {str(entries)[:200]}")
        yield from entries
        url = response.links.get("next", {}).get("url", "")


def _hub() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def _dataset() -> str:
    return os.environ.get("STRATA_HUGGINGFACE_DATASET", "librarian-bots/arxiv-metadata-snapshot")


def _login() -> dict[str, str]:
    token = os.environ.get("HF_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}
