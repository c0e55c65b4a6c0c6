"""How a snapshot compares with those before it: grown as it should have, unchanged, or shrunk.

arXiv only grows. A snapshot that reaches as far in time as an earlier one and holds fewer papers is most likely a
broken export, and a record made from it would show topics dying that are well.
"""

from __future__ import annotations

import logging
from typing import Any

from strata import layout
from strata.errors import BadSnapshot
from strata.storage import Storage, read_json

log = logging.getLogger(__name__)

# A few hundred papers are withdrawn or renumbered; more than this share of the corpus never is.
_LARGEST_LOSS = 0.01


def compare(storage: Storage, manifest: dict[str, Any], *, accept_smaller: bool = False) -> None:
    """Hold a snapshot against the earlier ones in the root that were cut in the same way; log what has changed.

    Args:
        storage: the root.
        manifest: the snapshot's manifest.
        accept_smaller: only warn if it has shrunk.

    Raises:
        BadSnapshot: it has lost more than 1% of the papers that an earlier snapshot held, which ended no later.
    """
    before = _largest_before(storage, manifest)
    name, papers, last = manifest["snapshot"], manifest["papers"], manifest["last_date"]
    if before is None:
        log.info("%s: %d papers up to %s; the first of its kind in this root", name, papers, last)
        return
    told = f"{before['snapshot']} held {before['papers']} papers up to {before['last_date']}"
    if papers < before["papers"] * (1 - _LARGEST_LOSS):
        problem = f"{name} holds {papers} papers up to {last}, but {told}: {before['papers'] - papers} are missing"
        if not accept_smaller:
            raise BadSnapshot(f"{problem}. Fetch it again; if it is right nevertheless, set 'Accept smaller'")
        log.warning("%s; accepted", problem)
    elif [entry["content"] for entry in before["shards"]] == [entry["content"] for entry in manifest["shards"]]:
        log.info("%s holds the very papers of %s: nothing will be embedded anew", name, before["snapshot"])
    else:
        log.info("%s: %d papers up to %s; %s", name, papers, last, told)


def _largest_before(storage: Storage, manifest: dict[str, Any]) -> dict[str, Any] | None:
    """Return the manifest with the most papers among snapshots of the same selection that end no later."""
    found = None
    for folder in storage.folders("snapshots"):
        name = folder.rpartition("/")[2]
        if name == manifest["snapshot"] or not storage.exists(layout.snapshot_manifest(name)):
            continue
        other = dict(read_json(storage, layout.snapshot_manifest(name)))
        comparable = other["selection"] == manifest["selection"] and other["last_date"] <= manifest["last_date"]
        if comparable and (found is None or other["papers"] > found["papers"]):
            found = other
    return found
