"""Every path of a root in one place. Paths are relative, with forward slashes, on a folder and on S3 alike."""

from __future__ import annotations

import re

from strata.errors import BadRequest

# Who is making what just now.
CLAIMS = "claims"
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
MONTH = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")


def snapshot_manifest(snapshot: str) -> str:
    """The books of one snapshot: lines read = papers + refused + not selected."""
    return f"snapshots/{_safe(snapshot)}/manifest.json"


def refused_manifest(snapshot: str) -> str:
    """The books of a snapshot that was turned away: the same contents, for the person who looks into it."""
    return f"snapshots/{_safe(snapshot)}/refused-manifest.json"


def papers(snapshot: str, shard: str) -> str:
    """The papers of one shard."""
    return f"snapshots/{_safe(snapshot)}/papers/{_safe(shard)}.parquet"


def download(name: str, file: str) -> str:
    """A snapshot that was fetched from its source, and what is known of it."""
    return f"downloads/{_safe(name)}/{_safe(file)}"


def vectors_folder(model: str) -> str:
    """All vectors files of one model."""
    return f"vectors/{_safe(model)}"


def vectors(model: str, shard: str, digest: str) -> str:
    """The vectors of one shard, named by its content."""
    return f"{vectors_folder(model)}/{_safe(shard)}-{_safe(digest)}.parquet"


def work(digest: str, name: str) -> str:
    """What one stage of the reduce leaves for the next, named by the content it was made from."""
    return f"work/{_safe(digest)}/{_safe(name)}"


def claim(name: str) -> str:
    """The sign that somebody is making something just now."""
    return f"{CLAIMS}/{_safe(name)}"


def record(month: str) -> str:
    """Everything published for one month."""
    if not MONTH.fullmatch(month):
        raise BadRequest(f"month: {month!r} is not a month such as 2019-12")
    return f"records/{month}"


def exports(month: str) -> str:
    """A record's vectors in other formats."""
    return f"exports/{record(month).removeprefix('records/')}"


def _safe(name: str) -> str:
    # Names come from file names and parameters: none may lead out of its folder.
    if not _SAFE.fullmatch(name) or ".." in name:
        raise BadRequest(f"{name!r} is not fit for a file name")
    return name
