"""What the user asks for, from environment variables, checked before anything is started."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standalone.errors import Refused
from strata.categories import parse_wanted
from strata.errors import BadRequest
from strata.layout import MONTH

# Small shards: the generated snapshot is small, and several mapped tasks are the point of showing it.
DEMO_SHARD_SIZE = 500

_NAMED_SOURCE = re.compile(r"kaggle(:[1-9][0-9]*)?|huggingface(@[0-9]{4}-[0-9]{2}-[0-9]{2})?")
_SNAPSHOT_NAME = re.compile(r".+\.(jsonl?|ndjson)(\.(gz|zst|zip))?|.+\.(gz|zst|zip)", re.IGNORECASE | re.DOTALL)
_BUCKET = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9._-]*(/.*)?", re.DOTALL)
_LARGEST_SHARD = 100_000

_Reader = Callable[[str, Path], Any]  # the text and the folder of relative paths -> the value


@dataclass(frozen=True)
class Request:
    """A run's parameters. None: not asked for, the DAG's own default holds."""

    snapshot: str | None  # absolute path, s3:// URL, kaggle or huggingface; None: the generated demo
    root: str  # absolute path or s3:// URL
    month: str | None = None
    model: str | None = None
    categories: str | None = None
    sample: int | None = None
    shard_size: int | None = None
    tasks: int | None = None  # tasks side by side; None: by the machine

    def conf(self, demo_snapshot: Path) -> dict[str, Any]:
        """Return the DAG run's conf: only what is asked for, and always the snapshot."""
        shard_size = self.shard_size or (DEMO_SHARD_SIZE if self.snapshot is None else None)
        asked = {
            "snapshot": self.snapshot or str(demo_snapshot),
            "month": self.month,
            "model": self.model,
            "categories": self.categories,
            "sample": self.sample,
            "shard_size": shard_size,
        }
        return {name: value for name, value in asked.items() if value is not None}


def read_request(environment: Mapping[str, str], folder: Path, default_root: Path, today: dt.date) -> Request:
    """Read and check the variables SNAPSHOT, MONTH, MODEL, CATEGORIES, SAMPLE, SHARD_SIZE, ROOT and TASKS.

    Args:
        environment: the process's environment; an empty or blank value is as good as none.
        folder: what relative paths are relative to.
        default_root: where the results go if ROOT is not set.
        today: the last day for which a record can be asked.

    Raises:
        Refused: a value makes no sense; the message is one line and names it.
    """
    asked = {name: environment.get(name, "").strip() or None for name in _READERS}
    values: dict[str, Any] = {
        name.lower(): None if text is None else _READERS[name](text, folder) for name, text in asked.items()
    }
    month = values["month"]
    if month is not None and month > f"{today:%Y-%m}":
        raise Refused(f"MONTH={month} lies in the future")
    values["root"] = values["root"] or str(default_root)
    return Request(**values)


def _snapshot(text: str, folder: Path) -> str:
    if _NAMED_SOURCE.fullmatch(text):
        return text
    if "://" in text:
        return _bucket("SNAPSHOT", text)
    path = _absolute("SNAPSHOT", text, folder)
    if not path.exists():
        raise Refused(f"SNAPSHOT={text}: there is no file {path}")
    if not path.is_file():
        raise Refused(f"SNAPSHOT={text}: {path} is not a file; name arXiv's metadata file in it")
    if not _SNAPSHOT_NAME.fullmatch(path.name):
        raise Refused(f"SNAPSHOT={text}: a snapshot ends in .json or .jsonl, plain or with .gz, .zst or .zip")
    return str(path)


def _root(text: str, folder: Path) -> str:
    if "://" in text:
        return _bucket("ROOT", text).rstrip("/")
    path = _absolute("ROOT", text, folder)
    if path.exists() and not path.is_dir():
        raise Refused(f"ROOT={text}: {path} is not a folder")
    return str(path)


def _model(text: str, folder: Path) -> str:
    # Tasks run in another working directory, so a folder must be named whole; a hub name stays what it is.
    path = _absolute("MODEL", text, folder)
    if (path / "config.json").is_file():
        return str(path)
    if text.startswith((".", "/", "~")):
        raise Refused(f"MODEL={text}: {path} is not a folder with a model's config.json in it")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", text):
        raise Refused(f"MODEL={text} is neither a model's name nor a folder")
    return text


def _month(text: str, folder: Path) -> str:
    if not MONTH.fullmatch(text):
        raise Refused(f"MONTH={text} is not a month such as 2019-12")
    return text


def _categories(text: str, folder: Path) -> str:
    try:
        return " ".join(parse_wanted(text))
    except BadRequest as error:
        raise Refused(f"CATEGORIES={text}: {error}") from None


def _count(name: str, largest: int) -> _Reader:
    def read(text: str, folder: Path) -> int:
        # int() alone would take "1_0", " 5 " and digits of other scripts.
        if not re.fullmatch(r"[0-9]{1,12}", text) or not 1 <= int(text) <= largest:
            raise Refused(f"{name}={text} is not a whole number from 1 to {largest}")
        return int(text)

    return read


def _bucket(name: str, text: str) -> str:
    if not _BUCKET.fullmatch(text):
        raise Refused(f"{name}={text}: of URLs, only s3://bucket/key is known")
    return text


def _absolute(name: str, text: str, folder: Path) -> Path:
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise Refused(f"{name}={text}: there is no such user") from None
    return Path(folder, path).resolve()


_READERS: dict[str, _Reader] = {
    "SNAPSHOT": _snapshot,
    "MONTH": _month,
    "MODEL": _model,
    "CATEGORIES": _categories,
    "SAMPLE": _count("SAMPLE", 100_000_000),
    "SHARD_SIZE": _count("SHARD_SIZE", _LARGEST_SHARD),
    "ROOT": _root,
    "TASKS": _count("TASKS", 64),
}
