"""What has changed since the last record, as a table and in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from strata import layout
from strata.continuity import Last, Transitions, first_keys, match, pass_on, shared_topics
from strata.storage import Storage, read_json, read_table

GONE, RISEN = ("extinct", "faded"), ("rising", "newborn")
KINDS = (
    "now faded", "no longer faded", "now rising", "no longer rising", "other verdict",
    "new topic", "split off", "split", "merged", "vanished", "newly lonely", "no longer lonely",
)  # fmt: skip
SCHEMA = pa.schema(
    {
        "change": pa.string(),
        "key": pa.string(),
        "topic": pa.int32(),
        "name": pa.string(),
        "before": pa.string(),
        "after": pa.string(),
        "id": pa.string(),
    }
)

Row = dict[str, Any]


class Before:
    """The last record as far as changes are told from it."""

    def __init__(self, storage: Storage, last: Last) -> None:
        folder = layout.record(last.month)
        self.last = last
        self.topics = read_table(storage, f"{folder}/topics.parquet", ["topic", "key", "name", "verdict"])
        self.papers = read_table(storage, f"{folder}/papers.parquet", ["id", "topic"])
        self.lonely = read_table(storage, f"{folder}/lonely.parquet", ["id", "title"])
        self.summary = dict(read_json(storage, f"{folder}/summary.json"))


def keys_now(
    before: Before | None, ids: pa.ChunkedArray, topic: np.ndarray[Any, Any], count: int
) -> tuple[list[str], int, Transitions | None]:
    """The keys of the topics of now, the next unused number, and how they came from those of before."""
    if before is None:
        return first_keys(count), count, None
    found = match(*shared_topics(ids, topic, before.papers), len(before.topics), count)
    keys, number = pass_on(found, before.topics["key"].to_pylist(), count, before.summary["changes"]["next_key"])
    return keys, number, found


def table(before: Before | None, found: Transitions | None, topics: pa.Table, lonely: pa.Table) -> pa.Table:
    """One row a change; empty for a first record.

    ``change`` is one of `KINDS`; ``key``, ``topic`` (its number now, null if it is gone) and ``name`` of the topic,
    ``before`` and ``after`` its verdicts or, for topics that split, merged or split off, the keys that its papers came
    from or went to; ``id`` and ``name`` (the title) of a paper.
    """
    if before is None or found is None:
        return SCHEMA.empty_table()
    now = topics.select(["topic", "key", "name", "verdict"]).to_pylist()
    rows = [*_verdicts(before, found, now), *_transitions(before, found, now), *_lonely(before.lonely, lonely)]
    rows.sort(key=lambda row: KINDS.index(row["change"]))
    return pa.Table.from_pylist(rows, SCHEMA)


def summary(before: Before | None, found: Transitions | None, month: str, next_key: int, changes: pa.Table) -> Row:
    """What is told of the changes in numbers: since when, over how many months, how much moved."""
    told: Row = {"since": None, "months": None, "next_key": next_key}
    if before is None or found is None:
        return told
    return told | {
        "since": before.last.month,
        "months": _months_between(before.last.month, month),
        "shared": found.shared,
        "reassigned": found.reassigned,
        "survived": found.fate.count("survived"),
        "counts": {kind: changes["change"].to_pylist().count(kind) for kind in KINDS},
    }


def _verdicts(before: Before, found: Transitions, now: list[Row]) -> list[Row]:
    rows = []
    for one, was in enumerate(before.topics["verdict"].to_pylist()):
        number = int(found.successor[one])
        if number < 0 or was == now[number]["verdict"]:
            continue
        topic = now[number]
        found_kind = _kind(was, topic["verdict"])
        named = {name: topic[name] for name in ("key", "topic", "name")}
        rows.append({"change": found_kind, "before": was, "after": topic["verdict"], "id": None} | named)
    return rows


def _kind(was: str, now: str) -> str:
    if (now in GONE) != (was in GONE):
        return "now faded" if now in GONE else "no longer faded"
    if (now in RISEN) != (was in RISEN):
        return "now rising" if now in RISEN else "no longer rising"
    return "other verdict"


def _transitions(before: Before, found: Transitions, now: list[Row]) -> list[Row]:
    rows: list[Row] = []
    keys, names = before.topics["key"].to_pylist(), before.topics["name"].to_pylist()
    kept = {int(number) for number in found.successor if number >= 0}
    for topic in now:
        if topic["topic"] not in kept:
            parent = int(found.parent[topic["topic"]])
            kind = "split off" if parent >= 0 else "new topic"
            source = keys[parent] if parent >= 0 else None
            named = {name: topic[name] for name in ("key", "topic", "name")}
            rows.append({"change": kind, "before": source, "after": topic["verdict"], "id": None} | named)
    for one, fate in enumerate(found.fate):
        if fate == "survived":
            continue
        own, heir = int(found.successor[one]), int(found.heir[one])
        into = now[heir]["key"] if heir >= 0 and fate != "vanished" else None
        number = None if own < 0 else own
        named = {"key": keys[one], "topic": number, "name": names[one]}
        rows.append({"change": fate, "before": None, "after": into, "id": None} | named)
    return rows


def _lonely(before: pa.Table, now: pa.Table) -> list[Row]:
    rows: list[Row] = []
    for kind, here, there in (("newly lonely", now, before), ("no longer lonely", before, now)):
        known = set(there["id"].to_pylist())
        for paper, title in zip(here["id"].to_pylist(), here["title"].to_pylist(), strict=True):
            if paper not in known:
                rows.append({"change": kind, "id": paper, "name": title} | dict.fromkeys(("key", "topic"), None))
    return rows


def _months_between(first: str, second: str) -> int:
    (year, month), (later_year, later_month) = (map(int, each.split("-")) for each in (first, second))
    return 12 * (later_year - year) + later_month - month
