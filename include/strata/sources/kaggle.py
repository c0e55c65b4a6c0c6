"""arXiv's own snapshot at Kaggle: the newest, or one by its version number, kept as the zip that it comes in.

The calls are those of Kaggle's public API, for which public data needs no login; ``KAGGLE_USERNAME`` and ``KAGGLE_KEY``
are used where they are set. ``STRATA_KAGGLE_URL`` names a mirror of the API.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

from strata.errors import BadSnapshot
from strata.sources.download import Expected, client, download, get_json

DATASET = "Cornell-University/arxiv"
FILE = "arxiv-metadata-oai-snapshot.zip"


def newest_version() -> int:
    """Return the dataset's current version number."""
    url, told = _view()
    version = told.get("currentVersionNumber")
    if not isinstance(version, int):
        raise BadSnapshot(f"{url} names no current version: {str(told)[:200]}")
    return version


def newest_date() -> dt.date:
    """Return the day (UTC) on which the dataset was last renewed."""
    url, told = _view()
    try:
        return dt.date.fromisoformat(str(told.get("lastUpdated"))[:10])
    except ValueError:
        raise BadSnapshot(f"{url} does not say when it was renewed: {str(told)[:200]}") from None


def fetch(version: int, folder: Path) -> tuple[Path, str]:
    """Download a version into a folder; return the file and its SHA-256."""
    target = folder / FILE
    with client(auth=_login()) as http:
        url = f"{_api()}/datasets/download/{DATASET}?dataset_version_number={version}"
        return target, download(http, url, target, Expected())


def _view() -> tuple[str, dict[str, Any]]:
    """Return the address of what the API tells of the dataset, and what it tells."""
    url = f"{_api()}/datasets/view/{DATASET}"
    with client(auth=_login()) as http:
        told, _ = get_json(http, url)
    return url, told if isinstance(told, dict) else {}


def _api() -> str:
    return os.environ.get("STRATA_KAGGLE_URL", "https://www.kaggle.com/api/v1").rstrip("/")


def _login() -> tuple[str, str] | None:
    user, key = os.environ.get("KAGGLE_USERNAME"), os.environ.get("KAGGLE_KEY")
    return (user, key) if user and key else None
